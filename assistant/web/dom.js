// Building the page by hand: text is always set as text, never read as HTML.

const SVG = "http://www.w3.org/2000/svg";

/** `h("button.send", {type: "button", onclick}, child, "text")`; null and false children are left out. */
export function h(what, about = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  const el = document.createElement(tag);
  if (classes.length) el.className = classes.join(" ");
  for (const [name, value] of Object.entries(about)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) el.addEventListener(name.slice(2), value);
    else el.setAttribute(name, value === true ? "" : value);
  }
  el.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return el;
}

/** Outline icons on a 24 grid, drawn for this widget. */
const ICONS = {
  close: "M6 6l12 12M18 6L6 18",
  down: "M12 5v13M6 12.5l6 6 6-6",
  send: "M12 19V5.5M6 11l6-6 6 6",
  person: "M4.5 13v-1a7.5 7.5 0 0115 0v1M4.5 13.2a1.7 1.7 0 013.4 0v3a1.7 1.7 0 01-3.4 0zM16.1 13.2a1.7 1.7 0 013.4 0v3a1.7 1.7 0 01-3.4 0zM19.2 17.4c-.4 2.2-2.3 3.1-5 3.1",
  text: "M3 18.5L8.2 6l5.2 12.5M4.9 14.2h6.6M14.6 18.5l3.1-7.6 3.2 7.6M15.7 16h4.1",
  up: "M7.5 11v8.5H5A1.5 1.5 0 013.5 18v-5.5A1.5 1.5 0 015 11zM7.5 11l3.6-7a2.2 2.2 0 012.4 2.5L13 9.5h4.8a2 2 0 012 2.4l-1.1 6a2 2 0 01-2 1.6H7.5",
  star: "M12 3.600l2.6 5.3 5.8.8-4.2 4.1 1 5.8-5.2-2.7-5.2 2.7 1-5.8-4.2-4.1 5.8-.8z",
  box: "M4 8l8-4 8 4v8.500l-8 4-8-4zM4 8l8 4 8-4M12 12v8.500",
  check: "M5 12.500l4.5 4.500L19 7.5",
  clock: "M12 7.500V12l3 2M12 3.500a8.5 8.5 0 110 17 8.5 8.5 0 010-17z",
  warn: "M12 8v5M12 16.200v.1M12 3.500a8.5 8.5 0 110 17 8.5 8.5 0 010-17z",
};

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon i-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** The mark of 店伴: two speech bubbles leaning on each other. */
export function mark() {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 32 32");
  svg.setAttribute("class", "mark");
  svg.setAttribute("aria-hidden", "true");
  const shapes = [
    ["back", "M20.5 4a8.5 8.5 0 018.5 8.500c0 2-.7 3.9-1.9 5.400l.9 3.6-3.9-1.200a8.5 8.5 0 11-3.6-16.300z"],
    ["front", "M12.5 9.500a9 9 0 11-4.2 17l-4.8 1.3 1.4-4.600a9 9 0 017.6-13.700z"],
    ["eye", "M9.5 16.300a1.3 1.3 0 011.3 1.300v1.100a1.3 1.3 0 01-2.6 0v-1.100a1.3 1.3 0 011.3-1.300zM15.5 16.300a1.3 1.3 0 011.3 1.300v1.100a1.3 1.3 0 01-2.6 0v-1.100a1.3 1.3 0 011.3-1.300z"],
  ];
  for (const [part, d] of shapes) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("class", part);
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}

const LINK = /https?:\/\/[^\s<>"'，。；！？、）】》」]+/g;

/** Text with its web addresses as links; everything else stays plain text. */
export function rich(text) {
  const parts = [];
  let end = 0;
  for (const found of text.matchAll(LINK)) {
    parts.push(text.slice(end, found.index));
    parts.push(h("a", { href: found[0], target: "_blank", rel: "noopener noreferrer nofollow" }, found[0]));
    end = found.index + found[0].length;
  }
  return [...parts, text.slice(end)].filter(Boolean);
}

/** The least change that makes `parent` hold exactly `wanted`, in order; what stays is not touched. */
export function arrange(parent, wanted) {
  const keep = new Set(wanted);
  for (const child of [...parent.children]) if (!keep.has(child)) child.remove();
  wanted.forEach((el, at) => {
    if (parent.children[at] !== el) parent.insertBefore(el, parent.children[at] ?? null);
  });
}
