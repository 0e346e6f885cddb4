// The catalogue, searchable, and whether the rules in the files are those that decide.
import { html, useState } from "./html.js";
import { useAnswer } from "./api.js";
import { Empty, Trouble, segmentLink } from "./parts.js";
import { counted, kindName, number } from "./words.js";

const short = (version) => version.replace("sha256:", "").slice(0, 12);

export function Rules() {
  const { answer, problem } = useAnswer("/v1/rules", { every: 10000 });
  const [sought, seek] = useState("");
  if (!answer) return problem ? html`<${Trouble} problem=${problem} />` : html`<p class="empty">Loading …</p>`;
  const words = sought.trim().toLowerCase();
  const found = answer.segments.filter((one) => !words || [one.segment, one.title, one.purpose, one.kind, one.owner || "", one.definition, ...one.tags].join(" ").toLowerCase().includes(words));
  return html`<h1>Rules</h1>
    <${Versions} answer=${answer} />
    <div class="heading"><p class="note" role="status">${counted(found.length, "segment")} of ${number(answer.segments.length)}</p>
      <label class="seek"><span class="hidden">Search the rules</span><input type="search" placeholder="Search titles, purposes, definitions" value=${sought} onInput=${(event) => seek(event.target.value)} /></label></div>
    ${found.length ? html`<ul class="catalogue">${found.map((one) => html`<li class="card" key=${one.segment}>
        <p class="kicker">${kindName(one.kind)} · <code>${one.segment}</code>${one.enabled ? "" : " · switched off"}</p>
        <h2><a href=${segmentLink(one.segment)} dir="auto">${one.title}</a></h2>
        <p dir="auto">${one.purpose}</p>
        <p class="chips">${one.owner ? html`<span class="chip">owner: ${one.owner}</span>` : null}${one.tags.map((tag) => html`<span class="chip">${tag}</span>`)}</p>
        <details><summary>As it is written</summary><pre dir="auto">${one.definition}</pre></details>
      </li>`)}</ul>` : html`<${Empty}>No rule fits “${sought}”.<//>`}`;
}

function Versions({ answer }) {
  return html`<${Version} answer=${answer} />
    ${answer.files_error ? html`<section class="notice small warn"><p>The files hold no rules just now, so nothing new can be read from them:</p><pre dir="auto">${answer.files_error}</pre></section>` : null}
    ${answer.differences.length ? html`<section class="card"><h2>What the files have otherwise</h2>
      ${answer.differences.map((one) => html`<details key=${one.segment}><summary><code>${one.segment}</code> ${one.running === null ? "is new" : one.files === null ? "is gone" : "is another rule"}</summary>
        <div class="columns even">${one.running === null ? null : html`<div><p class="kicker">decides now</p><pre dir="auto">${one.running}</pre></div>`}${one.files === null ? null : html`<div><p class="kicker">in the files</p><pre dir="auto">${one.files}</pre></div>`}</div></details>`)}</section>` : null}`;
}

function Version({ answer }) {
  const running = Object.entries(answer.running);
  if (answer.files === null) return null;
  if (!running.length) return html`<p class="notice small">No worker has published a change yet. The files have version <code>${short(answer.files)}</code>.</p>`;
  if (!answer.pending) return html`<p class="notice small good">The rules in the files are those that decide: <code>${short(answer.files)}</code>.</p>`;
  const others = running.filter(([, version]) => version !== answer.files);
  return html`<section class="notice small warn"><p>The files have <code>${short(answer.files)}</code>, and ${others.length === running.length ? "" : `${others.length} of `}${counted(running.length, "partition")} ${running.length === 1 ? "was" : "were"} last decided by ${[...new Set(others.map(([, version]) => short(version)))].map((one) => html`<code>${one}</code> `)}.
    If that stays so: <code>kill -HUP</code> lets a worker read its rules again. This page reads the files of <code>streamer serve --rules</code>, and goes by them once they decide.</p>
    ${answer.only_running.length ? html`<p>Only workers know: ${answer.only_running.map((one) => html`<code>${one}</code> `)}</p>` : null}</section>`;
}
