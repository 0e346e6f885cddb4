// One segment: what it is for, how it moves, who came just now, and the rule behind it.
import { html, useEffect, useMemo, useState } from "./html.js";
import { ask, path, useAnswer } from "./api.js";
import { Change, Chart, Empty, Trouble, When, customerLink, segmentLink } from "./parts.js";
import { Tiers } from "./overview.js";
import { counted, kindName, lasting, number, sentence, share, signed, tierOf } from "./words.js";

const SPANS = { "24 hours": ["1h", 24], "7 days": ["6h", 28], "30 days": ["1d", 30] };

export function Segment({ name }) {
  const { answer, problem } = useAnswer(path("segments", name));
  const [tier, choose] = useState(null);
  if (!answer) return problem ? html`<${Trouble} problem=${problem} />` : html`<p class="empty">Loading …</p>`;
  const chosen = answer.ladder ? tier || answer.memberships[0] : answer.segment;
  return html`
    <header class="title">
      <p class="kicker">${kindName(answer.kind)} · <code>${answer.segment}</code></p>
      <h1 dir="auto">${answer.title}</h1>
      <p class="purpose" dir="auto">${answer.purpose}</p>
      <p class="chips">
        ${answer.owner ? html`<span class="chip">owner: ${answer.owner}</span>` : null}
        ${answer.tags.map((tag) => html`<span class="chip">${tag}</span>`)}
        ${answer.enabled ? null : html`<span class="chip warn">switched off: nobody is decided by it</span>`}
      </p>
    </header>
    <${Figures} answer=${answer} />
    ${answer.ladder
      ? html`<section class="card"><h2 class="hidden">Tiers</h2><${Tiers} tiers=${answer.tiers} size=${answer.size} />
          <div class="tabs" role="group" aria-label="Tier shown below">${answer.memberships.map((one) => html`<button aria-pressed=${one === chosen} onClick=${() => choose(one)}>${tierOf(one)}</button>`)}</div></section>`
      : null}
    <${Course} key=${chosen} name=${chosen} />
    ${answer.holdout ? html`<${Effect} key=${chosen} name=${chosen} />` : null}
    <div class="columns even">
      <${Arrivals} key=${chosen} name=${chosen} />
      <div class="column">
        <${Rule} answer=${answer} />
        <${Overlaps} key=${chosen} name=${chosen} />
      </div>
    </div>
    <${Members} key=${chosen} name=${chosen} size=${answer.ladder ? answer.tiers.find((one) => one.segment === chosen)?.size : answer.size} />
  `;
}

function Figures({ answer }) {
  const stays = answer.memberships.map((one) => [one, answer.stays[one]]).filter(([, stay]) => stay.median_ms !== null);
  const stay = stays.length === 1 ? stays[0][1] : null;
  return html`<dl class="figures">
    <div><dt>in it now</dt><dd>${number(answer.size)}</dd></div>
    <div><dt>entered, last 24 h</dt><dd class="in">${number(answer.entered)}</dd></div>
    <div><dt>left, last 24 h</dt><dd class="out">${number(answer.exited)}</dd></div>
    ${answer.ladder ? null : html`<div><dt>median stay</dt><dd>${stay ? lasting(stay.median_ms) : "–"}</dd>
      <dd class="note">${stay ? `of the latest ${counted(stay.of, "stay")}` : "nobody has left yet"}</dd></div>`}
    ${answer.holdout ? html`<div><dt>held out</dt><dd>${share(answer.holdout)}</dd><dd class="note">their changes say so, and nobody reacts to them</dd></div>` : null}
  </dl>`;
}

function Course({ name }) {
  const [span, choose] = useState("24 hours");
  const [bucket, count] = SPANS[span];
  const { answer, problem } = useAnswer(`${path("segments", name, "sizes")}?bucket=${bucket}&buckets=${count}`, { every: 5000 });
  const shown = useMemo(() => {
    const one = answer?.series[0];
    if (!one) return null;
    const sum = (values) => values.reduce((all, each) => all + each, 0);
    return {
      sizes: [{ name: "customers", values: one.size }],
      flows: [
        { name: "entered", values: one.entered, colour: "--in" },
        { name: "left", values: one.exited.map((value) => -value), colour: "--out" },
      ],
      entered: sum(one.entered),
      exited: sum(one.exited),
      size: one.size[one.size.length - 1],
    };
  }, [answer]);
  return html`<section class="card">
    <div class="heading"><h2>Size over time</h2>
      <div class="tabs" role="group" aria-label="Time shown">${Object.keys(SPANS).map((one) => html`<button aria-pressed=${one === span} onClick=${() => choose(one)}>${one}</button>`)}</div></div>
    ${shown
      ? html`<${Chart} title="In it." sentence=${`${counted(shown.size, "customer")} now, ${signed(shown.entered - shown.exited)} in ${span}.`} at=${answer.at} lines=${shown.sizes} />
          <${Chart} title="Came and went." sentence=${`${number(shown.entered)} entered and ${number(shown.exited)} left in ${span}.`} at=${answer.at} lines=${NONE} bars=${shown.flows} height=${140} />`
      : problem ? html`<${Trouble} problem=${problem} />` : html`<p class="empty">Loading …</p>`}
  </section>`;
}

const NONE = [];

function Arrivals({ name }) {
  const { answer } = useAnswer(`/v1/changes?segment=${encodeURIComponent(name)}&limit=12`);
  return html`<section class="card"><h2>Just now</h2>
    ${answer?.changes.length ? html`<ol class="changes">${answer.changes.map((change) => html`<${Change} key=${change.change_id} change=${change} />`)}</ol>`
      : html`<${Empty}>${answer ? "Nobody has entered it or left it, of the changes that are kept." : "Loading …"}<//>`}
  </section>`;
}

function Overlaps({ name }) {
  const { answer } = useAnswer(path("segments", name, "overlaps"), { every: 15000 });
  return html`<section class="card"><h2>Also in</h2>
    ${answer?.overlaps.length ? html`<table class="bars"><thead class="hidden"><tr><th scope="col">Segment</th><th scope="col">Share</th><th scope="col">Customers</th></tr></thead><tbody>${answer.overlaps.slice(0, 12).map((one) => html`<tr>
        <th scope="row"><a href=${segmentLink(one.segment)}>${one.segment}</a></th>
        <td class="bar"><meter min="0" max="1" value=${one.share}>${share(one.share)}</meter></td>
        <td class="size">${share(one.share)} <span class="note">${number(one.customers)}</span></td></tr>`)}</tbody></table>`
      : html`<${Empty}>${answer ? "Its members are in no other segment." : "Loading …"}<//>`}
  </section>`;
}

const WITHIN = { "1 day": "1d", "7 days": "7d", "30 days": "30d" };
const points = (value) => `${value > 0 ? "+" : value < 0 ? "−" : "±"}${Math.abs(100 * value).toFixed(1)}`;

function Effect({ name }) {
  const [within, choose] = useState("7 days");
  const { answer, problem } = useAnswer(`${path("segments", name, "effect")}?within=${WITHIN[within]}`, { every: 30000, also: 60000 });
  return html`<section class="card effect"><div class="heading"><h2>What reacting to it brings</h2>
      <div class="tabs" role="group" aria-label="Time to convert">${Object.keys(WITHIN).map((one) => html`<button aria-pressed=${one === within} onClick=${() => choose(one)}>${one}</button>`)}</div></div>
    ${answer ? html`<p><b>${answer.sentence}</b> The shares differ by ${points(answer.difference)} points (95% of such intervals hold the truth: ${points(answer.interval[0])} to ${points(answer.interval[1])}).</p>
      <table class="numbers plain"><thead><tr><th scope="col">${answer.conversions.join(" or ")} within ${within}</th><th scope="col">customers</th><th scope="col">converted</th><th scope="col">share</th></tr></thead>
        <tbody>${[["not held out", answer.not_held_out], ["held out", answer.held_out]].map(([title, one]) => html`<tr><th scope="row">${title}</th><td>${number(one.customers)}</td><td>${number(one.converted)}</td><td>${(100 * one.share).toFixed(1)}%</td></tr>`)}</tbody></table>
      ${answer.left_out ? html`<p class="note">${counted(answer.left_out, "customer")} entered too late to count.</p>` : null}`
      : html`<p class="empty">${problem ? sentence(problem.message) : "Loading …"}</p>`}
  </section>`;
}

const Aloud = ({ node }) => html`<li><span dir="auto">${node.text}</span>${node.conditions.length ? html`<ul class="tree">${node.conditions.map((one) => html`<${Aloud} node=${one} />`)}</ul>` : null}</li>`;

export function Rule({ answer }) {
  const needs = [...answer.events.map((one) => (one === "any" ? "any event" : `event ${one}`)), ...answer.properties.map((one) => `property ${one}`), ...answer.traits.map((one) => `trait ${one}`)];
  return html`<section class="card rule"><h2>The rule</h2>
    ${answer.reads.map(({ tier, when }) => html`<div>${tier ? html`<h3>tier ${tier}</h3>` : null}
      <ul class="tree">${when ? html`<${Aloud} node=${when} />` : html`<li>everybody else</li>`}</ul></div>`)}
    <p class="chips">${answer.cooldown ? html`<span class="chip">not again for ${answer.cooldown}</span>` : null}${answer.min_dwell ? html`<span class="chip">stays ${answer.min_dwell} at least</span>` : null}</p>
    ${needs.length ? html`<p class="note">Needs ${needs.join(", ")}; remembers at most ${number(answer.bytes || 0)} bytes of a customer.</p>` : null}
    <details><summary>As it is written</summary><pre dir="auto">${answer.definition}</pre></details>
  </section>`;
}

function Members({ name, size }) {
  const [members, set] = useState(null);
  const [next, follow] = useState(null);
  const [problem, fail] = useState(null);
  const more = async (cursor, before) => {
    try {
      const answer = await ask(`${path("segments", name, "members")}?limit=50${cursor ? `&cursor=${cursor}` : ""}`);
      set([...before, ...answer.members]);
      follow(answer.next);
    } catch (caught) {
      fail(caught);
    }
  };
  useEffect(() => { more(null, []); }, [name]);
  return html`<section class="card"><div class="heading"><h2>Members</h2><span class="note">${number(size ?? 0)} by id</span></div>
    ${problem ? html`<${Trouble} problem=${problem} />` : null}
    ${members === null ? html`<p class="empty">${problem ? "" : "Loading …"}</p>` : members.length ? html`<ul class="members">${members.map((one) => html`<li key=${one.customer_id}><a href=${customerLink(one.customer_id)} dir="auto">${one.customer_id}</a> <span class="note">since <${When} at=${one.since} /></span></li>`)}</ul>` : html`<${Empty} command="streamer report EVENTS --rules rules/">Nobody is in it. Which of the events, properties and values that it asks for were never seen, is told by:<//>`}
    ${next ? html`<button onClick=${() => more(next, members)}>50 more</button>` : null}
  </section>`;
}
