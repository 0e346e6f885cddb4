// What several views are made of.
import { html, useEffect, useRef, useState } from "./html.js";
import { logIn } from "./api.js";
import { exact, instant, number, plain, sentence, signed } from "./words.js";

export const segmentLink = (membership) => `#/segments/${encodeURIComponent(membership.split(".")[0])}`;
export const customerLink = (id) => `#/customers/${encodeURIComponent(id)}`;

export function Trouble({ problem }) {
  if (problem.status === 401) return html`<${LogIn} />`;
  const progress = problem.progress;
  return html`<section class="notice" role="status">
    <h2>${problem.title || "The server cannot be reached"}</h2>
    <p dir="auto">${sentence(problem.message)}</p>
    ${progress && progress.total
      ? html`<progress max=${progress.total} value=${progress.read}></progress>`
      : null}
    ${problem.status === undefined
      ? html`<p>Start it with <code>streamer serve</code>, or <code>make demo</code>.</p>`
      : null}
  </section>`;
}

function LogIn() {
  const [failed, fail] = useState("");
  const send = async (event) => {
    event.preventDefault();
    try {
      await logIn(new FormData(event.target).get("secret"));
      location.reload();
    } catch (problem) {
      fail(problem.message);
    }
  };
  return html`<form class="notice" onSubmit=${send}>
    <h2>A token is needed</h2>
    <p>It is one of those in the file that <code>streamer serve --tokens</code> reads.</p>
    <label>Token <input name="secret" type="password" autocomplete="current-password" required /></label>
    <button>Log in</button>
    ${failed ? html`<p class="bad" role="alert">${failed}</p>` : null}
  </form>`;
}

export function Empty({ children, command }) {
  return html`<p class="empty">${children}${command ? html` <code>${command}</code>` : null}</p>`;
}

export const When = ({ at }) => html`<time dateTime=${at} title=${exact(at)}>${instant(at)}</time>`;

export const Moves = ({ entered, exited }) =>
  html`<span class="moves"
    ><span class=${entered ? "in" : "zero"}><span class="hidden">entered </span>+${number(entered)}</span>
    <span class=${exited ? "out" : "zero"}><span class="hidden">left </span>−${number(exited)}</span></span
  >`;

export function Spark({ values, label }) {
  if (!values || values.length < 2) return html`<span class="spark"></span>`;
  const low = Math.min(...values);
  const high = Math.max(...values);
  const reach = high - low || 1;
  const points = values
    .map((value, at) => `${((at / (values.length - 1)) * 96 + 2).toFixed(1)},${(high === low ? 12 : 22 - ((value - low) / reach) * 20).toFixed(1)}`)
    .join(" ");
  return html`<svg class="spark" viewBox="0 0 100 24" preserveAspectRatio="none" role="img" aria-label=${label}>
    <polyline points=${points} />
  </svg>`;
}

export function Change({ change, customer = true }) {
  const entered = change.direction === "entered";
  return html`<li class="change">
    <span class=${`mark ${entered ? "in" : "out"}`} aria-hidden="true">${entered ? "→" : "←"}</span>
    <span class="said">
      ${customer ? html`<a href=${customerLink(change.customer_id)} dir="auto">${change.customer_id}</a> ` : null}
      ${entered ? "entered" : "left"} <a href=${segmentLink(change.segment)}>${change.segment}</a>
      <span class="because" dir="auto">${plain(change.because[0] || "")}</span>
    </span>
    <${When} at=${change.at} />
  </li>`;
}

// A token as a canvas takes it: `light-dark()` is resolved where a property uses it.
function colour(name) {
  const probe = document.body.appendChild(document.createElement("i"));
  probe.style.color = `var(${name})`;
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

// Hours where ticks are hours apart, with the day at midnight; days where they are days apart.
function dated(_, ticks, __, ___, step) {
  return ticks.map((tick) => {
    const iso = new Date(tick * 1000).toISOString();
    return step >= 86400 || iso.slice(11, 16) === "00:00" ? iso.slice(5, 10) : iso.slice(11, 16);
  });
}

// A chart, the sentence that says the same, and the table of its numbers.
export function Chart({ title, sentence, at, lines, bars = [], height = 220 }) {
  const place = useRef(null);
  const [theme, setTheme] = useState(0);
  useEffect(() => {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const again = () => setTheme((count) => count + 1);
    dark.addEventListener("change", again);
    addEventListener("theme", again);
    return () => {
      dark.removeEventListener("change", again);
      removeEventListener("theme", again);
    };
  }, []);
  useEffect(() => {
    const holder = place.current;
    if (!holder || !window.uPlot) return undefined;
    const value = (_, found) => (found == null ? "" : number(Math.abs(found)));
    const half = bars.length && at.length > 1 ? (Date.parse(at[1]) - Date.parse(at[0])) / 2000 : 0;
    const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui" };
    const series = [
      { label: "from", value: (_, seconds) => (seconds == null ? "" : instant(new Date(seconds * 1000).toISOString())) },
      ...lines.map((line, index) => ({ label: line.name, value, stroke: colour(`--line-${(index % 6) + 1}`), width: 2, points: { show: false } })),
      ...bars.map((bar) => ({ label: bar.name, value, stroke: "transparent", fill: colour(bar.colour), paths: window.uPlot.paths.bars({ size: [0.6, 40] }), points: { show: false } })),
    ];
    const chart = new window.uPlot(
      {
        width: holder.clientWidth,
        height,
        series,
        cursor: { drag: { x: false, y: false } },
        tzDate: (seconds) => window.uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
        axes: [{ ...axis, space: 64, size: 30, values: dated }, { ...axis, size: 52, values: (_, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? number(tick) : "")) }],
        scales: { x: { range: (_, low, high) => [low - half, high + half] }, y: { range: (_, low, high) => [Math.min(0, low * 1.08), high <= 0 ? (low < 0 ? 0 : 1) : high * 1.08] } },
      },
      [at.map((iso) => Date.parse(iso) / 1000), ...lines.map((line) => line.values), ...bars.map((bar) => bar.values)],
      holder,
    );
    const watch = new ResizeObserver(() => chart.setSize({ width: holder.clientWidth, height }));
    watch.observe(holder);
    return () => {
      watch.disconnect();
      chart.destroy();
    };
  }, [at, lines, bars, theme]);
  const columns = [...lines, ...bars];
  return html`<figure class="chart">
    <figcaption><strong>${title}</strong> ${sentence}</figcaption>
    <div ref=${place} aria-hidden="true"></div>
    <details>
      <summary>The numbers as a table</summary>
      <div class="scroll">
        <table class="numbers">
          <thead><tr><th scope="col">from (UTC)</th>${columns.map((one) => html`<th scope="col">${one.name}</th>`)}</tr></thead>
          <tbody>${at.map((iso, row) => html`<tr><th scope="row">${instant(iso)}</th>${columns.map((one) => html`<td>${number(Math.abs(one.values[row]))}</td>`)}</tr>`)}</tbody>
        </table>
      </div>
    </details>
  </figure>`;
}

// A condition with what it rests on, and those inside it.
const GROUPS = { all: "all of these", any: "at least one of these", none: "none of these" };

export function Tree({ condition }) {
  const group = condition.conditions.length > 0;
  return html`<li>
    <span class=${`truth ${condition.holds ? "yes" : "no"}`}>${condition.holds ? "yes" : "no"}</span>
    <span>
      <span dir="auto">${group ? GROUPS[condition.text] : condition.text}</span>
      ${condition.detail ? html`<span class="detail" dir="auto">${plain(condition.detail)}</span>` : null}
      ${condition.missing ? html`<span class="detail" dir="auto">missing: ${plain(condition.missing)}</span>` : null}
      ${condition.until ? html`<span class="detail">until <${When} at=${condition.until} /> if nothing happens</span>` : null}
      ${group ? html`<ul class="tree">${condition.conditions.map((one) => html`<${Tree} condition=${one} />`)}</ul>` : null}
    </span>
  </li>`;
}

export { signed };
