// <shop-chat>: the button in the corner and the window it opens. Everything said comes from line.js; this file only
// shows it and passes on what the shopper does.

import { shades } from "./colour.js";
import { composer } from "./composer.js";
import { h, icon, mark } from "./dom.js";
import { openLine } from "./line.js";
import { logView } from "./log.js";
import { orderPicker } from "./orders.js";
import { alone, openStores } from "./stores.js";
import { holder, linkBar, personButton, troubleLine, unreadCount } from "./status.js";
import { loadWords } from "./words.js";

const FRAME = 16;
const FOCUSABLE = "button, textarea, a[href], input, summary, [tabindex='0']";

class ShopChat extends HTMLElement {
  /** Called once by `mount`, before the element is put on the page. */
  begin({ home, options, words, sheet }) {
    this.w = words;
    this.options = options;
    this.home = home;
    this.stores = openStores(home, options.shop);
    this.isOpen = false;
    this.back = null;
    this.ourTitle = null;
    this.root = this.attachShadow({ mode: "open" });
    this.root.adoptedStyleSheets = [sheet];
    for (const [name, value] of Object.entries(shades(options.color) ?? {})) this.style.setProperty(name, value);
    if (options.bottom) this.style.setProperty("--lift", `${Number(options.bottom) || 0}px`);
    this.build();
    this.dial();
  }

  build() {
    const { w, options } = this;
    const act = {
      // What was pressed goes away: the focus goes to where the shopper writes.
      pick: (text) => { this.line.say(text); this.focusIn(); },
      retry: () => this.line.retry(),
      judge: (seq, helpful) => this.line.judge(seq, helpful),
    };
    const rating = {
      skipped: (seq) => this.stores.unrated.read() === `${this.stores.seat.read()?.talk} ${seq}`,
      skip: (seq) => {
        this.stores.unrated.write(`${this.stores.seat.read()?.talk} ${seq}`);
        this.focusIn();
        this.render();
      },
      done: (stars, note) => { this.line.rate(stars, note); this.focusIn(); },
    };
    this.log = logView(w, act, w.all(`welcome.starts.${this.topic()}`) ?? w.all("welcome.starts.shop"), rating);
    this.composer = composer(w, {
      said: (text) => this.line.say(text),
      typed: () => this.line.typed(),
      draft: { read: () => this.stores.draft.read() ?? "", write: (text) => this.stores.draft.write(text || null) },
    });
    const badge = h("span.badge", { hidden: true });
    this.launcher = h("button.launcher", { type: "button", "aria-haspopup": "dialog", "aria-expanded": "false",
      "aria-label": w("launcher.open"), onclick: () => this.open() }, mark(), h("span", {}, w("launcher.short")), badge);
    const [who, person] = [holder(w), personButton(w, () => this.line.callPerson())];
    const orders = orderPicker(w, { ask: () => this.line.askOrders(), pick: (number) => this.line.pickOrder(number),
      done: () => this.focusIn() });
    const [bar, trouble] = [linkBar(w, () => this.line.wake()), troubleLine(w)];
    this.status = [who, person, orders, bar, trouble, unreadCount(w, this.stores, this.launcher, badge)];
    this.larger = h("button.tool.larger", { type: "button", "aria-pressed": "false",
      onclick: () => this.enlarge(!this.large) }, icon("text"), h("span", {}, w("panel.larger")));
    const title = options.title || w("panel.title");
    this.panel = h("section.panel", { role: "dialog", "aria-label": w("panel.label", { title }), tabindex: "-1",
      hidden: true, onkeydown: (e) => this.key(e) },
      h("header.head", {}, h("div.face", { "aria-hidden": "true" }, mark()),
        h("div.names", {}, h("h2", {}, title), who.el),
        h("button.close", { type: "button", "aria-label": w("panel.close"), title: w("panel.close"),
          onclick: () => this.close() }, icon("close"))),
      bar.el, this.log.el,
      h("footer.foot", {}, trouble.el, orders.card, h("div.tools", {}, person.el, orders.el, this.larger), this.composer.el));
    this.frame = h("div.chat", { lang: options.lang }, this.launcher, this.panel);
    if (options.launcher === "off") this.launcher.classList.add("off");
    this.root.append(this.frame);
    this.enlarge(this.stores.large.read() ?? ("large" in options && options.large !== "false"));
  }

  /** Which first questions fit the page: the one its tag names, or by what it shows. */
  topic() {
    const { topic, order, product } = this.options;
    return topic || (order && "order") || (product && "product") || "shop";
  }

  dial() {
    const { options, stores, home } = this;
    const url = new URL(`talk/${encodeURIComponent(options.shop)}`, home);
    url.protocol = url.protocol.replace("http", "ws");
    const page = Object.fromEntries(["product", "order"].filter((it) => options[it]).map((it) => [it, options[it]]));
    this.line = openLine({
      url: url.href, page, seat: stores.seat, kept: stores.kept,
      socket: (to) => new WebSocket(to), alone: alone(stores.seat.name), changed: () => this.soon(),
    });
  }

  connectedCallback() {
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    const wake = () => document.visibilityState === "visible" && this.line.wake();
    window.addEventListener("online", wake, { signal });
    window.addEventListener("offline", () => this.soon(), { signal });
    window.addEventListener("pageshow", wake, { signal });
    document.addEventListener("visibilitychange", () => { wake(); this.soon(); }, { signal });
    window.addEventListener("storage", ({ key }) => {
      if (key === this.stores.seat.name) this.line.join(this.stores.seat.read());
      if (key === this.stores.seen.name || key === this.stores.unrated.name) this.soon();
      if (key === this.stores.large.name) this.enlarge(this.stores.large.read() ?? false);
    }, { signal });
    window.visualViewport?.addEventListener("resize", () => this.fit(), { signal });
    window.visualViewport?.addEventListener("scroll", () => this.fit(), { signal });
    window.addEventListener("resize", () => this.fit(), { signal });
    // A visitor who has talked before hears of new messages with the window closed; a new one costs no connection.
    if (this.stores.seat.read()) this.line.open();
    if (this.stores.shown.read() && !this.phone()) this.open({ focus: false });
    this.render();
  }

  disconnectedCallback() {
    this.listeners.abort();
    this.line.close();
    this.lockPage(false);
  }

  // ── what page code and the shopper do ──────────────────────────────────────────────────────────────────────

  open({ focus = true } = {}) {
    if (this.isOpen) return;
    this.isOpen = true;
    this.back = deepActive();
    this.stores.shown.write(true);
    this.panel.hidden = false;
    this.frame.classList.add("open");
    this.launcher.setAttribute("aria-expanded", "true");
    this.line.open();
    this.fit();
    this.render();
    this.composer.look();
    this.log.opened();
    if (focus) this.focusIn();
  }

  /** Into the window. On a phone the keyboard would cover the greeting: there the window itself takes the focus. */
  focusIn() {
    (touch() ? this.panel : this.composer).focus();
  }

  close() {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.stores.shown.write(null);
    this.panel.hidden = true;
    this.frame.classList.remove("open");
    this.launcher.setAttribute("aria-expanded", "false");
    this.fit();
    const back = this.back?.isConnected && this.back !== document.body ? this.back : this.launcher;
    back.focus?.({ preventScroll: true });
    this.render();
  }

  toggle() {
    if (this.isOpen) this.close();
    else this.open();
  }

  /** Who is here: `identity`, signed by the shop's server, opens their own orders; `token` an earlier conversation. */
  identify({ token, identity }) {
    this.line.identify(token, identity);
  }

  enlarge(on) {
    this.large = on;
    this.stores.large.write(on);
    this.frame.classList.toggle("large", on);
    this.larger.setAttribute("aria-pressed", String(on));
    this.larger.title = this.w(on ? "panel.larger_off" : "panel.larger_on");
    this.composer.look();
  }

  key(e) {
    if (e.key === "Escape" && !e.isComposing) {
      e.stopPropagation();
      this.close();
    } else if (e.key === "Tab") this.keepFocus(e);
  }

  keepFocus(e) {
    const stops = [...this.panel.querySelectorAll(FOCUSABLE)].filter((el) => el.getClientRects().length && !el.disabled);
    const at = this.root.activeElement;
    const [first, last] = [stops[0], stops.at(-1)];
    if (e.shiftKey ? at === first || at === this.panel : at === last) {
      e.preventDefault();
      (e.shiftKey ? last : first).focus();
    }
  }

  // ── layout ─────────────────────────────────────────────────────────────────────────────────────────────────

  phone() {
    return matchMedia("(max-width: 520px), (max-height: 480px)").matches;
  }

  fit() {
    const full = this.isOpen && this.phone();
    this.panel.setAttribute("aria-modal", String(full));
    this.lockPage(full);
    const seen = window.visualViewport;
    if (!full || !seen) return;
    this.panel.style.setProperty("--seen-height", `${seen.height}px`);
    this.panel.style.setProperty("--seen-top", `${seen.offsetTop}px`);
  }

  lockPage(on) {
    const page = document.documentElement.style;
    if (on && this.pageOverflow === undefined) {
      this.pageOverflow = page.overflow;
      page.overflow = "hidden";
    } else if (!on && this.pageOverflow !== undefined) {
      page.overflow = this.pageOverflow;
      this.pageOverflow = undefined;
    }
  }

  // ── drawing ────────────────────────────────────────────────────────────────────────────────────────────────

  soon() {
    if (this.due) return;
    this.due = true;
    // Not an animation frame: a hidden tab gets none, and must still count what is unread.
    setTimeout(() => {
      this.due = false;
      this.render();
    }, FRAME);
  }

  render() {
    const { w, line: { state } } = this;
    const held = state.talk.heldBy;
    this.frame.dataset.held = held;
    this.log.render(state, () => this.render());
    for (const part of this.status) part.show(state, this.isOpen);
    this.composer.hint(w(held !== "assistant" ? "compose.hint_staff" : touch() ? "compose.hint_touch" : "compose.hint"));
  }
}

const touch = () => matchMedia("(pointer: coarse)").matches;

function deepActive() {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return at;
}

customElements.define("shop-chat", ShopChat);

/** Put the widget on the page. `home` is where it was loaded from, `options` the script tag's data-*. */
export async function mount(home, options) {
  const lang = options.lang || document.documentElement.lang || navigator.language || "zh-CN";
  const [words, css] = await Promise.all([
    loadWords(home, lang),
    fetch(new URL("widget/shop-chat.css", home)).then((got) => got.text()),
  ]);
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  const chat = document.createElement("shop-chat");
  chat.begin({ home, options: { ...options, shop: options.shop || "demo", lang }, words, sheet });
  document.body.append(chat);
  return {
    open: () => chat.open(),
    close: () => chat.close(),
    toggle: () => chat.toggle(),
    identify: (who) => chat.identify(who),
  };
}
