// What only the browser can do for the desk: keys, sound, title, drafts, and messages kept until they are stored.
// No state of a conversation is folded here; the server draws it.

window.desk = (() => {
  const FIRST = (document.title.match(/^(?:\(\d+\) )?(.*)$/) ?? [])[1] ?? document.title;
  const SETTLED = 60; // pixels from the end of the log within which a new line is followed
  const TYPING_TOLD = 2_000;
  const TYPING_SHOWN = 5_000;
  const KEYS = { ArrowDown: "next", ArrowUp: "previous", KeyA: "claim", KeyN: "note", KeyP: "phrases", KeyT: "transfer", KeyB: "release",
    KeyW: "resolve", KeyG: "promise", KeyS: "search", KeyH: "help", KeyM: "mute" };
  const HERE = new Set(["note", "phrases"]); // done in the browser
  let me = "", talk = "", mine = false, phrases = [], typedAt = 0, words = {}, asNote = false;

  const $ = (id) => document.getElementById(id);
  const box = () => $("say");
  const read = (name, otherwise) => { try { return JSON.parse(localStorage.getItem(name)) ?? otherwise; } catch { return otherwise; } };
  const write = (name, value) => value === "" || value?.length === 0 ? localStorage.removeItem(name) : localStorage.setItem(name, JSON.stringify(value));
  const draftName = () => `desk:draft:${me}:${talk}`;
  const outboxName = () => `desk:outbox:${me}`;
  const uuid = () => crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint8Array(16))].map((x) => x.toString(16).padStart(2, "0")).join("");
  const tell = (name, ...what) => emitEvent(name, ...what);

  // — the outbox: what was sent and is not known to be stored; it outlives the page —
  const outbox = () => read(outboxName(), []);
  const keepOutbox = (items) => { write(outboxName(), items); drawOutbox(); };
  function drawOutbox() {
    const at = $("outbox");
    if (!at) return;
    at.replaceChildren(...outbox().filter((item) => item.talk === talk).map((item) => {
      const row = Object.assign(document.createElement("div"), { className: "said ours mine sending" });
      const text = Object.assign(document.createElement("div"), { className: "text", textContent: item.text });
      row.append(text, Object.assign(document.createElement("div"), { className: "under", textContent: words.sending }));
      return row;
    }));
    toEnd(true);
  }
  function say(text) {
    text = text.trim();
    if (!text || !talk || !mine) return false;
    const item = { talk, text, client_id: uuid() };
    keepOutbox([...outbox(), item]);
    tell("say", item);
    return true;
  }
  function stored(id) { keepOutbox(outbox().filter((item) => item.client_id !== id)); }
  function refused(id) {
    const item = outbox().find((each) => each.client_id === id);
    stored(id);
    if (!item) return;
    const name = `desk:draft:${me}:${item.talk}`;
    const text = [item.text, read(name, "")].filter(Boolean).join("\n");
    write(name, text);
    if (item.talk === talk && box() && !asNote) { box().value = text; grow(); }
  }
  const resend = () => outbox().forEach((item) => tell("say", item));

  // — the box —
  function grow() {
    const it = box();
    it.style.height = "auto";
    it.style.height = `${Math.min(it.scrollHeight, 180)}px`;
    const left = $("left");
    if (left) left.textContent = it.value.length > 800 ? `${it.value.length} / 4000` : "";
  }
  function insert(text) {
    if (asNote) note(false);
    const it = box();
    it.value = it.value && !it.value.startsWith("/") ? `${it.value}${it.value.endsWith("\n") ? "" : "\n"}${text}` : text;
    typed(false);
    it.focus();
    it.setSelectionRange(it.value.length, it.value.length);
  }
  function typed(loud = true) {
    grow();
    write(asNote ? `${draftName()}:note` : draftName(), box().value);
    drawPhrases();
    if (loud && mine && !asNote && Date.now() - typedAt > TYPING_TOLD) { typedAt = Date.now(); tell("typing", talk); }
  }
  function send() {
    const it = box();
    const text = it.value.trim();
    if (!text) return;
    if (asNote) tell("note", { talk, text });
    else if (!say(text)) return tell("key", "not_mine");
    it.value = "";
    typed(false);
    if (asNote) note(false);
  }
  function note(on) {
    asNote = on;
    const it = box();
    $("composer")?.classList.toggle("as-note", on);
    if (!it) return;
    it.value = read(on ? `${draftName()}:note` : draftName(), "");
    it.placeholder = on ? words.note_hint : mine ? words.hint : words.hint_not_mine;
    grow();
    it.focus();
  }

  // — phrases: “/” and a few letters —
  let found = [], chosen = 0;
  function drawPhrases() {
    const at = $("phrases"), it = box();
    if (!at) return;
    const asked = it.value.startsWith("/") && !it.value.includes("\n") ? it.value.slice(1).trim().toLowerCase() : null;
    found = asked === null ? [] : phrases.filter((each) => [each.key, each.title, each.text, each.group].some((text) => text?.toLowerCase().includes(asked))).slice(0, 8);
    chosen = Math.min(chosen, Math.max(found.length - 1, 0));
    at.hidden = asked === null;
    at.replaceChildren(...(found.length ? found.map((each, n) => {
      const row = Object.assign(document.createElement("button"), { type: "button", className: n === chosen ? "chosen" : "" });
      row.append(Object.assign(document.createElement("b"), { textContent: each.title || each.key }), Object.assign(document.createElement("span"), { textContent: each.text }));
      row.onmousedown = (e) => { e.preventDefault(); pick(n); };
      return row;
    }) : [Object.assign(document.createElement("p"), { textContent: words.no_phrase })]));
  }
  function pick(n) {
    if (!found[n]) return;
    const text = found[n].text;
    box().value = "";
    chosen = 0;
    insert(text);
  }
  function inPhrases(e) {
    if ($("phrases")?.hidden !== false) return false;
    if (e.key === "ArrowDown" || e.key === "ArrowUp") {
      chosen = (chosen + (e.key === "ArrowDown" ? 1 : found.length - 1)) % Math.max(found.length, 1);
      drawPhrases();
    } else if (e.key === "Enter" || e.key === "Tab") pick(chosen);
    else if (e.key === "Escape") { box().value = ""; typed(false); }
    else return false;
    e.preventDefault();
    return true;
  }

  // — the log —
  const nearEnd = () => { const at = $("log"); return !at || at.scrollHeight - at.scrollTop - at.clientHeight < SETTLED; };
  let settled = true;
  function toEnd(always = false) {
    const at = $("log");
    if (at && (always || settled)) requestAnimationFrame(() => { at.scrollTop = at.scrollHeight; settled = true; });
  }

  // — keys —
  document.addEventListener("keydown", (e) => {
    if (e.target === box() && box()) {
      if (e.isComposing) return; // Enter chooses a word of the input method
      if (inPhrases(e)) return;
      if (e.key === "Enter" && !e.shiftKey && !e.altKey && !e.ctrlKey) { e.preventDefault(); return send(); }
    }
    if (!me || document.querySelector(".q-dialog")) return;
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(e.target.tagName) || e.target.isContentEditable;
    if (e.key === "?" && !typing) { e.preventDefault(); return tell("key", "help"); }
    if (!e.altKey || e.ctrlKey || e.metaKey) return;
    const digit = /^Digit([1-9])$/.exec(e.code);
    if (digit) {
      const it = document.querySelector(`[data-reply="${digit[1]}"]`);
      e.preventDefault();
      if (it) e.shiftKey ? insert(it.dataset.text) : sendReply(it);
      return;
    }
    const key = KEYS[e.code];
    if (!key || e.shiftKey) return;
    e.preventDefault();
    if (key === "note") note(!asNote);
    else if (key === "phrases") { box().value = "/"; box().focus(); typed(false); }
    else if (key === "mute") tell("key", "mute");
    else if (!HERE.has(key)) tell("key", key);
  });
  document.addEventListener("input", (e) => { if (e.target === box()) typed(); });
  document.addEventListener("scroll", (e) => { if (e.target.id === "log") settled = nearEnd(); }, true);
  document.addEventListener("click", (e) => {
    const it = e.target.closest("[data-do]");
    if (!it) return;
    const card = it.closest("[data-reply]");
    if (it.dataset.do === "send") send();
    else if (it.dataset.do === "note") note(!asNote);
    else if (it.dataset.do === "phrases") { box().value = "/"; box().focus(); typed(false); }
    else if (it.dataset.do === "reply") sendReply(card);
    else if (it.dataset.do === "edit") insert(card.dataset.text);
  });
  function sendReply(card) { if (!say(card.dataset.text)) tell("key", "not_mine"); else card.classList.add("used"); }

  // — waiting times, counted here so that the server need not —
  function clock() {
    document.querySelectorAll("[data-since]").forEach((it) => {
      const seconds = Math.max(0, Math.round((Date.now() - Date.parse(it.dataset.since)) / 1000));
      const minutes = Math.floor(seconds / 60), hours = Math.floor(minutes / 60), days = Math.floor(hours / 24);
      const text = days ? words.days?.replace("{n}", days) : hours ? words.hours?.replace("{n}", hours).replace("{m}", minutes % 60)
        : minutes ? words.minutes?.replace("{n}", minutes) : words.seconds?.replace("{n}", seconds);
      if (text && it.textContent !== text) it.textContent = text;
      it.classList.toggle("late", seconds >= Number(it.dataset.late ?? 180));
    });
  }
  setInterval(clock, 1000);

  // — being called —
  let audio = null;
  function ring() {
    try {
      audio ??= new AudioContext();
      audio.resume();
      [[660, 0], [880, 0.16]].forEach(([pitch, at]) => {
        const tone = audio.createOscillator(), loud = audio.createGain(), t = audio.currentTime + at;
        tone.frequency.value = pitch;
        loud.gain.setValueAtTime(0.0001, t);
        loud.gain.exponentialRampToValueAtTime(0.18, t + 0.02);
        loud.gain.exponentialRampToValueAtTime(0.0001, t + 0.28);
        tone.connect(loud).connect(audio.destination);
        tone.start(t);
        tone.stop(t + 0.3);
      });
      window.desk.rung += 1;
    } catch { /* no sound here: the title tells */ }
  }

  let typingEnds = 0;

  return {
    rung: 0,
    /** Whether keys are heard. */
    get ready() { return me !== ""; },
    /** The shopper is writing. */
    typing() {
      const it = $("typing");
      if (!it) return;
      it.hidden = false;
      toEnd();
      clearTimeout(typingEnds);
      typingEnds = setTimeout(() => { it.hidden = true; }, TYPING_SHOWN);
    },
    /** Once per page. `told`: the words this file shows. */
    start(who, told) {
      me = who;
      words = told;
      clock();
      const online = () => { if (window.socket?.connected) resend(); };
      online();
      window.socket?.on("connect", () => setTimeout(online, 300)); // after NiceGUI's own handshake
    },
    /** The conversation now in the middle, and whether we may speak in it. */
    open(which, isMine, fresh) {
      const same = which === talk;
      talk = which;
      mine = isMine;
      if ($("typing")) $("typing").hidden = true;
      if (!box()) return;
      if (!same || fresh) { asNote = false; note(false); drawOutbox(); }
      else if (!asNote) box().placeholder = mine ? words.hint : words.hint_not_mine;
      if (fresh) { settled = true; toEnd(true); }
      clock();
    },
    /** Logged out: no half-written word stays on a shared machine. What was sent goes out at the next log-in. */
    leave() { Object.keys(localStorage).filter((name) => name.startsWith("desk:draft:")).forEach((name) => localStorage.removeItem(name)); },
    phrases(all) { phrases = all; },
    /** How many wait; with `loud`, somebody new has come. */
    badge(n, loud) {
      document.title = n ? `(${n}) ${FIRST}` : FIRST;
      clock();
      if (loud) ring();
    },
    /** Bring one line of the log into view, once it is there. */
    seek(seq) {
      let tries = 0;
      const look = () => {
        const it = document.querySelector(`#log [data-seq="${seq}"]`);
        if (!it) return tries++ < 50 && setTimeout(look, 100);
        settled = false;
        it.scrollIntoView({ block: "center" });
        it.classList.add("sought");
      };
      setTimeout(look, 50);
    },
    stored, refused, insert, toEnd, clock,
  };
})();
