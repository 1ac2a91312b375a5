// What a shop puts on its pages:
//   <script async src="https://HOST/widget.js" data-shop="SHOP"></script>
// Options, all as data-*: title, product, order, topic (which first questions to offer: a group of welcome.starts),
// color, large, lang, bottom (pixels the button stands above the end of a phone's page, where shops have a bar),
// launcher="off" (the page has a button of its own).
// Page code: window.ShopChat.open() .close() .toggle() .identify({token}) .on("ready", fn); calls made early are kept.
(() => {
  if (window.ShopChat) return;
  const script = document.currentScript;
  const home = new URL(".", script.src);
  const early = [];
  const heard = { ready: [] };
  let chat = null;

  const call = (name) => (...given) => (chat ? chat[name](...given) : void early.push([name, given]));
  window.ShopChat = Object.freeze({
    open: call("open"),
    close: call("close"),
    toggle: call("toggle"),
    identify: call("identify"),
    on(what, listener) {
      if (what === "ready" && chat) listener();
      else heard[what]?.push(listener);
    },
  });

  const options = { ...script.dataset };
  const placed = () =>
    document.body
      ? Promise.resolve()
      : new Promise((done) => document.addEventListener("DOMContentLoaded", done, { once: true }));

  Promise.all([import(new URL("widget/shop-chat.js", home).href), placed()])
    .then(([{ mount }]) => mount(home, options))
    .then((mounted) => {
      chat = mounted;
      for (const [name, given] of early) chat[name](...given);
      for (const listener of heard.ready) listener();
      window.dispatchEvent(new CustomEvent("shopchat:ready"));
    })
    .catch((problem) => console.error("ShopChat:", problem));
})();
