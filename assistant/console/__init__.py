"""The staff's pages: what agents, merchants and quality people see and do in a browser, under `/console`.

A page only calls functions of `assistant.service` (and of `eval`): what is true is folded there, in Python, and a page
draws it. NiceGUI sends the drawing to the browser; nothing here decides anything.

`door.py` is the only file that the rest of the product imports. It answers under `/console` and imports NiceGUI, and
with it the pages, when somebody first comes there: a start, and a shop whose people work elsewhere, pay nothing for it.

To add a page (say `quality.py`):

1. write `assistant/console/quality.py`:

       from assistant.console.shell import Visit, page

       @page("quality", icon="fact_check", roles=("qa", "merchant"), order=30)
       async def quality(visit: Visit) -> None:
           with ui.element("div").classes("sheet"):
               ui.label(say("quality.title"))

   The address is then `/console/quality`; the way there stands in the navigation of everybody whose role is named
   (`admin` may see everything); who is not logged in is asked to log in first and then brought back. The function draws
   into a page that already has its frame. `visit` carries what a page may use: `visit.house` (reception, shops),
   `visit.me` (who is logged in; show only shops with `visit.me.serves(shop)`), `visit.shops`, `visit.query` (the
   address's own parameters), `visit.failing()` (a block in which a `HouseError` becomes a note on the screen),
   `visit.every(…)` and `visit.background(…)` (work that ends with the page).

2. name the module in `pages.py` (one word in its import).

3. put its words under its name in `prompts/console.yaml`: `nav.quality` for the navigation, the rest under `quality:`,
   and read them with `say("quality.title")` (`words.py`). No text in code.

There is no Tailwind here: `assets/console.css` has the few classes that there are (`sheet`, `card`, `head`, `muted`,
`pill`, `dense`, `grid-2` …), Quasar's own props and colours (`color=primary`) work everywhere.
"""
