// The frame of the page, and which view an address shows.
import { html, render, useEffect, useState } from "./html.js";
import { Customer } from "./customer.js";
import { Deliveries } from "./deliveries.js";
import { Overview } from "./overview.js";
import { Rejected } from "./rejected.js";
import { Rules } from "./rules.js";
import { Segment } from "./segment.js";

const VIEWS = [
  ["", "Overview", Overview],
  ["customers", "Customer", Customer],
  ["rules", "Rules", Rules],
  ["rejected", "Rejected", Rejected],
  ["deliveries", "Deliveries", Deliveries],
  ["segments", null, Segment],
];
const THEMES = { auto: "light", light: "dark", dark: "auto" };

function here() {
  const [view = "", ...rest] = location.hash.replace(/^#\/?/, "").split("/");
  try {
    return { view, name: decodeURIComponent(rest.join("/")) };
  } catch {
    return { view, name: "" };
  }
}

function Theme() {
  const [theme, set] = useState(document.documentElement.dataset.theme || "auto");
  const next = () => {
    const chosen = THEMES[theme];
    if (chosen === "auto") {
      delete document.documentElement.dataset.theme;
      localStorage.removeItem("theme");
    } else {
      document.documentElement.dataset.theme = chosen;
      localStorage.setItem("theme", chosen);
    }
    set(chosen);
    dispatchEvent(new Event("theme"));
  };
  return html`<button class="quiet" onClick=${next} aria-label=${`Theme: ${theme}. Change it`}>${{ auto: "◐", light: "☀", dark: "☾" }[theme]}</button>`;
}

function App() {
  const [place, go] = useState(here);
  useEffect(() => {
    const moved = () => {
      go(here());
      scrollTo(0, 0);
      document.getElementById("main")?.focus({ preventScroll: true });
    };
    addEventListener("hashchange", moved);
    return () => removeEventListener("hashchange", moved);
  }, []);
  const found = VIEWS.find(([view]) => view === place.view);
  useEffect(() => {
    document.title = place.name ? `${place.name} · Streamer` : `${found?.[1] || "Streamer"} · Streamer`;
  }, [place]);
  const View = found?.[2] ?? (() => html`<p class="empty">There is no such view. <a href="#/">Overview</a></p>`);
  return html`
    <a class="skip" href="#main" onClick=${(event) => { event.preventDefault(); document.getElementById("main").focus(); }}>To the content</a>
    <header class="top">
      <a class="brand" href="#/"><img src="/page/icon.svg" alt="" width="24" height="24" /> Streamer</a>
      <nav aria-label="Views">
        ${VIEWS.filter(([, name]) => name).map(([view, name]) => html`<a href=${`#/${view}`} aria-current=${view === place.view ? "page" : undefined}>${name}</a>`)}
      </nav>
      <${Theme} />
    </header>
    <main id="main" tabindex="-1"><${View} key=${`${place.view}/${place.name}`} name=${place.name} /></main>
  `;
}

const root = document.getElementById("app");
root.textContent = "";
render(html`<${App} />`, root);
