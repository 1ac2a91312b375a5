// The demo shop's pages, drawn from its catalogue and orders into the templates of storefront.html, where the words are.

import { el, fill, link, read, template, yuan } from "./storefront-page.js";
import { order, orders } from "./storefront-orders.js";

const main = document.getElementById("main");
const { view, sku } = document.body.dataset;

/** The line under a title: the two attributes that say most about it, which the catalogue puts first. */
const noteOf = ({ attributes }) => Object.values(attributes).slice(1, 3).join(" · ");

function card(product) {
  const part = template("card");
  part.querySelector("a").href = link(`/demo/p/${encodeURIComponent(product.sku)}`);
  part.querySelector("img").src = product.picture;
  fill(part, "title", product.title);
  fill(part, "note", noteOf(product));
  fill(part, "price", yuan(product.price_fen));
  return part;
}

function home(products) {
  const part = template("home");
  const list = part.querySelector("[data-list=goods]");
  const head = part.querySelector("[data-fill=kind]");
  const none = part.querySelector(".none");
  const count = part.querySelector("[data-fill=count]");
  const seek = document.getElementById("seek");
  const wanted = () => decodeURIComponent(location.hash.replace(/^#(goods)?/, ""));

  function show() {
    const kind = products.some((it) => it.category === wanted()) ? wanted() : "";
    const word = seek.value.trim().toLowerCase();
    const found = products.filter((it) => (!kind || it.category === kind)
      && (!word || [it.title, it.category, ...(it.aliases ?? [])].some((text) => text.toLowerCase().includes(word))));
    list.replaceChildren(...found.map(card));
    head.textContent = kind || head.dataset.all;
    count.textContent = found.length;
    none.hidden = found.length > 0;
    for (const to of document.querySelectorAll("#kinds a")) {
      to.toggleAttribute("aria-current", decodeURIComponent(to.hash.slice(1)) === kind);
    }
  }
  seek.addEventListener("input", show);
  window.addEventListener("hashchange", show);
  main.append(part);
  show();
}

function detail(products, product) {
  const part = template("detail");
  part.querySelector(".frame img").src = product.picture;
  fill(part, "title", product.title);
  fill(part, "category", product.category);
  fill(part, "note", noteOf(product));
  fill(part, "price", yuan(product.price_fen));
  part.querySelector("[data-list=attributes]").append(...Object.entries(product.attributes).map(([name, says]) => {
    const row = el("div");
    row.append(el("dt", name), el("dd", String(says)));
    return row;
  }));
  choices(part, product);
  sizes(part, product.sizes);
  const near = products.filter((it) => it.sku !== product.sku);
  near.sort((a, b) => (b.category === product.category) - (a.category === product.category));
  part.querySelector("[data-list=near]").append(...near.slice(0, 4).map(card));
  main.append(part);
}

/** Colour and size buttons from the stock, whose keys are `colour/size` or one of the two. */
function choices(part, { stock = {}, attributes }) {
  const variants = Object.keys(stock);
  const box = part.querySelector(".choices");
  const told = part.querySelector(".stock");
  const axes = [];
  const split = variants.map((it) => it.split("/"));
  const values = (at) => [...new Set(split.map((it) => it[at]))];
  const chosen = (split.find((it) => stock[it.join("/")] > 0) ?? split[0] ?? []).slice();
  const names = (split[0]?.length ?? 0) > 1 ? [box.dataset.color, box.dataset.size]
    : [Object.values(attributes)[0]?.includes(split[0]?.[0]) ? box.dataset.color : box.dataset.size];

  function show() {
    for (const { at, value, button } of axes) {
      const same = chosen[at] === value;
      button.setAttribute("aria-pressed", String(same));
      const would = chosen.with(at, value).join("/");
      button.classList.toggle("gone", !(stock[would] > 0));
    }
    const n = stock[chosen.join("/")] ?? 0;
    told.textContent = n > 0 ? told.dataset.have.replace("{n}", n) : told.dataset.gone;
    told.classList.toggle("gone", n === 0);
  }
  names.forEach((name, at) => {
    const group = el("div", undefined, "choice");
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", name);
    group.append(el("span", name));
    for (const value of values(at)) {
      const button = el("button", value);
      button.type = "button";
      button.addEventListener("click", () => {
        chosen[at] = value;
        show();
      });
      axes.push({ at, value, button });
      group.append(button);
    }
    box.append(group);
  });
  if (variants.length) show();
}

function sizes(part, table) {
  const sheet = part.querySelector(".sizes");
  if (!table?.rows) return;
  sheet.hidden = false;
  const grid = sheet.querySelector("table");
  const head = grid.createTHead().insertRow();
  const columns = table.dimensions.filter((it) => Object.values(table.rows)[0][it]);
  for (const name of [grid.dataset.code, ...columns.map((it) => grid.getAttribute(`data-${it}`) ?? it)]) {
    const cell = el("th", name);
    cell.scope = "col";
    head.append(cell);
  }
  const body = grid.createTBody();
  for (const [code, row] of Object.entries(table.rows)) {
    const line = body.insertRow();
    const cell = el("th", code);
    cell.scope = "row";
    line.append(cell, ...columns.map((it) => el("td", (row[it] ?? []).join("–"))));
  }
  const fit = sheet.querySelector(".fit");
  fit.textContent = table.fit ? fit.dataset.fit.replace("{fit}", table.fit) : "";
  sheet.querySelector(".size-note").textContent = table.note ?? "";
}

function tell(text) {
  const told = document.getElementById("told");
  told.textContent = text;
  told.hidden = false;
  clearTimeout(tell.timer);
  tell.timer = setTimeout(() => (told.hidden = true), 3200);
}

document.addEventListener("click", ({ target }) => {
  const button = target.closest?.("button");
  if (!button) return;
  if ("ask" in button.dataset) window.ShopChat?.open();
  if ("says" in button.dataset) tell(button.dataset.says);
  if ("bag" in button.dataset) {
    const count = document.getElementById("bag-count");
    count.textContent = String(Number(count.textContent) + 1);
  }
});

const { products } = await read("/demo/products.json");
const kinds = [...new Set(products.map((it) => it.category))];
document.getElementById("kinds").append(...kinds.map((kind) => {
  const to = el("a", kind);
  to.href = `${link("/demo")}#${encodeURIComponent(kind)}`;
  return to;
}));
if (view === "product") detail(products, products.find((it) => it.sku === sku));
else if (view === "orders") main.append(await orders());
else if (view === "order") main.append(await order(document.body.dataset.order));
else home(products);
document.querySelectorAll("a[href='/demo'], a[href='/demo/orders']").forEach((a) => (a.href = link(a.getAttribute("href"))));
