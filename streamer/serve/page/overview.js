// Everything at a glance: one sentence of health, sizes by kind, changes as they come.
import { html, useEffect, useMemo, useState } from "./html.js";
import { ask, listen, useAnswer } from "./api.js";
import { Sending } from "./sending.js";
import { Change, Empty, Moves, Spark, Trouble, segmentLink } from "./parts.js";
import { counted, instant, kindName, latest, number, tierOf } from "./words.js";

const SHOWN = 30;

export function Overview() {
  const { answer: health } = useAnswer("/v1/health");
  const { answer, problem } = useAnswer("/v1/segments");
  const { answer: sizes } = useAnswer("/v1/sizes?bucket=1h", { every: 10000 });
  const [sought, seek] = useState("");
  const series = useMemo(
    () => Object.fromEntries((sizes?.series || []).map((one) => [one.segment, one.size])),
    [sizes],
  );
  if (!answer) return problem ? html`<${Trouble} problem=${problem} />` : html`<p class="empty">Loading …</p>`;
  const kinds = grouped(answer.segments.filter((one) => fits(one, sought)));
  return html`
    <h1 class="hidden">Overview</h1>
    <${Health} health=${health} answer=${answer} />
    <div class="columns">
      <section aria-labelledby="segments-title">
        <div class="heading">
          <h2 id="segments-title">Segments</h2>
          <label class="seek"><span class="hidden">Find a segment</span>
            <input type="search" placeholder=${`Find among ${number(answer.segments.length)}`} value=${sought} onInput=${(event) => seek(event.target.value)} /></label>
        </div>
        ${kinds.map(([kind, segments]) => html`<${Kind} kind=${kind} segments=${segments} series=${series} />`)}
        ${kinds.length && sizes ? html`<${Hours} sizes=${sizes} />` : null}
        ${kinds.length ? null : html`<${Empty}>No segment fits “${sought}”.<//>`}
      </section>
      <div class="side"><${Sending} /><${Feed} /></div>
    </div>
  `;
}

function Health({ health, answer }) {
  const good = health?.healthy;
  const at = latest(answer.as_of);
  return html`<section class=${`health ${health ? (good ? "good" : "bad") : ""}`} role="status">
    <p class="sentence">${health ? health.sentence : "…"}</p>
    <p class="facts">
      ${counted(answer.customers, "customer")} known
      ${at ? html` · read up to ${instant(at)} UTC` : null}
      ${answer.state === "migrating" ? html` · <a href="#/rules">other rules decide than the files have</a>` : null}
    </p>
  </section>`;
}

function fits(one, sought) {
  const words = sought.trim().toLowerCase();
  return !words || [one.segment, one.title, one.purpose, one.kind, one.owner || "", ...one.tags].join(" ").toLowerCase().includes(words);
}

function grouped(segments) {
  const kinds = new Map();
  for (const one of segments) kinds.set(one.kind, [...(kinds.get(one.kind) || []), one]);
  return [...kinds];
}

function Kind({ kind, segments, series }) {
  return html`<section class="card kind">
    <h3>${kindName(kind)}</h3>
    <table class="segments">
      <thead class="hidden"><tr><th scope="col">Segment</th><th scope="col" class="sparks">Last 24 hours</th><th scope="col" class="moved">Entered and left in the last 24 hours</th><th scope="col" class="size">Customers</th></tr></thead>
      <tbody>${segments.map((one) => html`<${Row} one=${one} series=${series} />`)}</tbody>
    </table>
  </section>`;
}

function Row({ one, series }) {
  const values = one.memberships.length === 1 ? series[one.memberships[0]] : null;
  return html`<tr>
      <th scope="row">
        <a href=${segmentLink(one.segment)} dir="auto">${one.title}</a>
        ${one.title === one.segment ? null : html`<code>${one.segment}</code>`}
        ${one.enabled ? null : html`<span class="chip">switched off</span>`}
      </th>
      <td class="sparks">${values ? html`<${Spark} values=${values} label=${`from ${number(values[0])} to ${number(values[values.length - 1])} customers`} />` : null}</td>
      <td class="moved"><${Moves} entered=${one.entered} exited=${one.exited} /></td>
      <td class="size">${number(one.size)}</td>
    </tr>
    ${one.tiers.length ? html`<tr class="tiers"><td colspan="4"><${Tiers} tiers=${one.tiers} size=${one.size} /></td></tr>` : null}`;
}

// What the small lines are drawn from.
function Hours({ sizes }) {
  const [open, set] = useState(false);
  return html`<details class="card hours" onToggle=${(event) => set(event.target.open)}><summary>The last 24 hours as a table</summary>
    ${open ? html`<div class="scroll"><table class="numbers"><thead><tr><th scope="col">from (UTC)</th>${sizes.series.map((one) => html`<th scope="col">${one.segment}</th>`)}</tr></thead>
      <tbody>${sizes.at.map((iso, row) => html`<tr><th scope="row">${instant(iso)}</th>${sizes.series.map((one) => html`<td>${number(one.size[row])}</td>`)}</tr>`)}</tbody></table></div>` : null}</details>`;
}

export function Tiers({ tiers, size }) {
  const peopled = size ? tiers.map((tier, index) => [tier, index]).filter(([tier]) => tier.size) : [];
  return html`<div class="stack" aria-hidden="true">${peopled.map(([tier, index]) => html`<span class=${`tone-${(index % 6) + 1}`} style=${{ flexGrow: tier.size }}></span>`)}</div>
    <ul class="legend">${tiers.map((tier, index) => html`<li><span class=${`dot tone-${(index % 6) + 1}`} aria-hidden="true"></span>${tierOf(tier.segment)} <b>${number(tier.size)}</b></li>`)}</ul>`;
}

function Feed() {
  const [changes, set] = useState(null);
  const [problem, fail] = useState(null);
  useEffect(() => {
    let waiting = [];
    let timer = null;
    let shownAt = 0;
    const show = () => {
      timer = null;
      shownAt = Date.now();
      const fresh = waiting;
      waiting = [];
      set((before) => [...fresh, ...(before || [])].slice(0, SHOWN));
    };
    const fetched = () => ask(`/v1/changes?limit=${SHOWN}`).then((answer) => { set(answer.changes); fail(null); }, fail);
    const left = listen((change) => {
      if (change === null) { fetched(); return; }
      waiting = [change, ...waiting].slice(0, SHOWN);
      if (timer === null) timer = setTimeout(show, Math.max(0, shownAt + 100 - Date.now()));
    });
    fetched();
    return () => { left(); clearTimeout(timer); };
  }, []);
  return html`<section class="card feed" aria-labelledby="feed-title">
    <h2 id="feed-title">As it happens</h2>
    ${changes === null ? html`<p class="empty">${problem ? problem.message : "Loading …"}</p>` : changes.length ? html`<ol class="changes">${changes.map((change) => html`<${Change} key=${change.change_id} change=${change} />`)}</ol>`
      : html`<${Empty} command="streamer publish events.jsonl">Nobody has entered or left a segment yet. Events that are published do that:<//>`}
  </section>`;
}
