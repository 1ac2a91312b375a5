// What the browser remembers. A browser that refuses storage gets a conversation for as long as the page is open.

function safe(area) {
  try {
    const store = window[area];
    store.setItem("shop-chat:probe", "1");
    store.removeItem("shop-chat:probe");
    return store;
  } catch {
    const kept = new Map();
    return {
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => void kept.set(key, value),
      removeItem: (key) => void kept.delete(key),
    };
  }
}

/** Places to keep things for one shop on one server: each `{name, read(), write(value)}`; null is forgotten. */
export function openStores(home, shop) {
  const shared = safe("localStorage");
  const tab = safe("sessionStorage");
  const prefix = `shop-chat:${home.host}/${shop}:`;
  const place = (store, name) => ({
    name,
    read() {
      try {
        return JSON.parse(store.getItem(name));
      } catch {
        return null; // someone else wrote there: as good as nothing
      }
    },
    write(value) {
      try {
        if (value === null) store.removeItem(name);
        else store.setItem(name, JSON.stringify(value));
      } catch {
        // full: the page goes on, only a reload would forget
      }
    },
  });
  return {
    seat: place(shared, `${prefix}seat`),
    seen: place(shared, `${prefix}seen`),
    unrated: place(shared, `${prefix}unrated`),
    large: place(shared, "shop-chat:large"),
    kept: place(tab, `${prefix}kept`),
    draft: place(tab, `${prefix}draft`),
    shown: place(tab, `${prefix}shown`),
  };
}

/** Run `work` while no other tab runs work of this name, where the browser can tell. */
export const alone = (name) => (work) => (navigator.locks ? navigator.locks.request(name, work) : work());
