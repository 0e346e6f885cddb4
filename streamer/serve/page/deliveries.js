// Whether changes reach those who act on them: webhooks by endpoint, reactions by process.
import { html } from "./html.js";
import { useAnswer } from "./api.js";
import { Empty, Trouble, When } from "./parts.js";
import { counted, number } from "./words.js";

export function Deliveries() {
  const { answer, problem } = useAnswer("/v1/deliveries", { also: 5000 });
  if (!answer) return problem ? html`<${Trouble} problem=${problem} />` : html`<p class="empty">Loading …</p>`;
  const working = answer.processes.filter((one) => one.does);
  return html`<h1>Deliveries</h1>
    <p class="lead" role="status">${sentence(answer, working)}</p>
    ${working.length ? null : html`<${None} asked=${answer.asked} />`}
    ${answer.endpoints.length ? html`<section aria-labelledby="webhooks"><h2 id="webhooks">Webhooks</h2>
      <ul class="catalogue">${answer.endpoints.map((one) => html`<${Endpoint} key=${one.endpoint} one=${one} />`)}</ul></section>` : null}
    ${answer.reactions.length ? html`<section aria-labelledby="reactions"><h2 id="reactions">Reactions</h2>
      <ul class="catalogue">${answer.reactions.map((one) => html`<${Reactions} key=${one.address} one=${one} />`)}</ul></section>` : null}
    ${working.length ? html`<section class="card"><h2>Processes</h2><${Processes} processes=${answer.processes} /></section>` : null}`;
}

function sentence({ endpoints, reactions, processes }, working) {
  if (!working.length) return "Nobody delivers changes, as far as this server can see.";
  const off = endpoints.filter((one) => one.off);
  const backlog = [...endpoints, ...reactions].reduce((sum, one) => sum + one.lag + one.waiting, 0);
  const lost = endpoints.reduce((sum, one) => sum + one.given_up + one.lost, 0) + reactions.reduce((sum, one) => sum + one.dead, 0);
  const unready = processes.filter((one) => one.does && one.reason);
  return [
    off.length ? `Switched off: ${off.map((one) => one.endpoint).join(", ")}.` : null,
    backlog ? `${counted(backlog, "change waits", "changes wait")} to be delivered.` : "Nothing waits to be delivered.",
    lost ? `${counted(lost, "change")} ${lost === 1 ? "was" : "were"} given up.` : "Nothing was given up.",
    unready.length ? `${counted(unready.length, "process", "processes")} cannot work just now.` : null,
  ].filter(Boolean).join(" ");
}

function None({ asked }) {
  return asked.length
    ? html`<${Empty} command="streamer react webhooks --config webhooks.toml">Asked were ${asked.map((one) => html`<code>${one}</code> `)}: <code>streamer serve --deliveries</code> names others. Changes go to HTTP endpoints with<//>
      <${Empty} command="streamer react run MODULE:NAME">and to functions of your own with<//>`
    : html`<${Empty} command="streamer serve --deliveries http://127.0.0.1:9466">This shop is one file, and nothing is delivered from it. On Kafka, webhooks and reactions show here:<//>`;
}

function Endpoint({ one }) {
  return html`<li class="card">
    <p class="kicker">endpoint${one.off ? html` · <b class="bad">switched off</b>` : one.breaker !== "closed" ? html` · <b class="warn">breaker ${one.breaker}</b>` : ""}</p>
    <h3 class="name" dir="auto">${one.endpoint}</h3>
    ${one.off ? html`<p class="note">Changes for it wait in Kafka. Mend the receiver, then <code>kill -HUP</code> the process or start it again.</p>` : null}
    <${Counts} rows=${[["not read yet", one.lag], ["in hand", one.in_hand], ["waiting for another try", one.waiting], ["delivered", one.delivered], ["failed tries", one.failed_tries], ["given up", one.given_up], ["no longer so", one.superseded], ["lost to retention", one.lost]]} />
    ${one.last_failure ? html`<p class="note">last failure <${When} at=${one.last_failure.at} />: <span dir="auto">${one.last_failure.reason || one.last_failure.status}</span>${one.last_failure.next_try ? html` · tried again <${When} at=${one.last_failure.next_try} />` : null}</p>` : null}
  </li>`;
}

function Reactions({ one }) {
  return html`<li class="card">
    <p class="kicker">process <code>${one.address}</code></p>
    <h3 class="name" dir="auto">${one.functions.join(", ") || "no function was called yet"}</h3>
    <${Counts} rows=${[["not read yet", one.lag], ["customers that wait", one.waiting], ["handled", one.handled], ["failed tries", one.failed_tries], ["no longer so", one.undone], ["dead", one.dead]]} />
    ${one.dead ? html`<${Empty} command="streamer react replay NAME --list">Dead changes are listed, and tried again without --list, by<//>` : null}
  </li>`;
}

const Counts = ({ rows }) => html`<dl class="counts">${rows.map(([name, value]) => html`<div class=${value ? "" : "zero"}><dt>${name}</dt><dd>${number(value)}</dd></div>`)}</dl>`;

function Processes({ processes }) {
  return html`<div class="scroll"><table class="numbers plain"><thead><tr><th scope="col">address</th><th scope="col">does</th><th scope="col">state</th></tr></thead>
    <tbody>${processes.map((one) => html`<tr><th scope="row"><code>${one.address}</code></th><td>${one.does || "–"}</td><td>${one.reason ? html`<span class=${one.does ? "bad" : "note"}>${one.reason}</span>` : "ready"}</td></tr>`)}</tbody></table></div>`;
}
