// What was no event, by reason: how often, where in the schema, one example.
import { html } from "./html.js";
import { useAnswer } from "./api.js";
import { Empty, Trouble, When } from "./parts.js";
import { counted, number } from "./words.js";

export function Rejected() {
  const { answer, problem } = useAnswer("/v1/rejected");
  if (!answer) return problem ? html`<${Trouble} problem=${problem} />` : html`<p class="empty">Loading …</p>`;
  return html`<h1>Rejected</h1>
    <p class="lead">${answer.total ? html`${counted(answer.total, "record")} could not be taken as events, ${number(answer.last_hour)} of them in the last hour.` : "Nothing was rejected."}</p>
    ${answer.groups.length ? html`<ul class="catalogue">${answer.groups.map((one) => html`<li class="card" key=${`${one.kind} ${one.path} ${one.reason}`}>
        <p class="kicker">${one.kind}${one.path ? html` · <code>${one.path}</code>` : null}${one.last ? html` · last <${When} at=${one.last} />` : null}</p>
        <h2><span class="count">${number(one.times)}×</span> <span dir="auto">${one.reason}</span></h2>
        ${one.instead ? html`<p dir="auto">${one.instead}</p>` : null}
        ${one.write ? html`<p class="note">Write this instead:</p><pre class="write" dir="auto">${one.write}</pre>` : null}
        ${one.example ? html`<details><summary>One of them</summary><pre dir="auto">${one.example}</pre></details>` : null}
      </li>`)}</ul>`
      : html`<${Empty} command="streamer publish events.jsonl">What is published and is no event shows here, with the reason:<//>`}`;
}
