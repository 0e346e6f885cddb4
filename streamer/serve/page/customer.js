// One customer: what comes next, where they are and why, what is nearly so, and their story.
import { html, useState } from "./html.js";
import { path, useAnswer } from "./api.js";
import { Change, Empty, Tree, Trouble, When, segmentLink } from "./parts.js";
import { Sending } from "./sending.js";
import { between, plain, sentence as sentenced } from "./words.js";

export function Customer({ name }) {
  return html`<form class="search" role="search" onSubmit=${(event) => {
      event.preventDefault();
      const id = new FormData(event.target).get("id");
      if (id) location.hash = `#/customers/${encodeURIComponent(id)}`;
    }}>
      <label>Customer id <input name="id" type="search" value=${name} autocomplete="off" autofocus=${!name} required dir="auto" /></label>
      <button>Show</button>
    </form>
    ${name ? html`<${Found} name=${name} />` : html`<${Empty}>Type the <code>user_id</code> or <code>anonymous_id</code> of a customer as events have it, or follow one from <a href="#/">what happens</a>.<//><${Sending} />`}`;
}

function Found({ name }) {
  const { answer, problem } = useAnswer(path("customers", name));
  const { answer: outlook, problem: blind } = useAnswer(answer ? path("customers", name, "outlook") : null);
  const { answer: story } = useAnswer(answer ? path("customers", name, "changes") : null, { every: 10000 });
  if (!answer) return problem ? html`<${Trouble} problem=${problem} /><${Sending} customer=${name} />` : html`<p class="empty">Loading …</p>`;
  const places = outlook?.inside || [];
  return html`
    <header class="title"><p class="kicker">Customer${answer.born ? html` · known since <${When} at=${answer.born} />` : null}</p><h1 dir="auto">${answer.customer_id}</h1></header>
    ${blind ? html`<p class="notice small">${sentenced(blind.message)}</p>` : null}
    ${outlook ? html`<${Coming} outlook=${outlook} />` : null}
    <div class="columns even">
      <section class="card"><h2>Is in</h2>
        ${answer.segments.length ? html`<ul class="places">${answer.segments.map((one) => html`<${Place} key=${one.segment} customer=${name} one=${one} place=${places.find((each) => each.membership === one.segment)}/>`)}</ul>`
          : html`<${Empty}>No segment at present.<//>`}
      </section>
      <section class="card"><h2>Nearly in</h2>
        ${outlook?.near.length ? html`<ul class="places">${outlook.near.map((one) => html`<${Miss} key=${one.segment} customer=${name} one=${one} />`)}</ul>`
          : html`<${Empty}>${outlook ? "No segment is near." : blind ? "Only the stored profile can tell." : "Loading …"}<//>`}
      </section>
    </div>
    <${Sending} customer=${name} />
    <${Story} story=${story} name=${name} />`;
}

function Story({ story, name }) {
  const line = story ? merged(story) : [];
  return html`<section class="card"><div class="heading"><h2>The story</h2>
      ${story ? html`<span class="note">${completeness(story)}</span>` : null}</div>
    ${line.length ? html`<ol class="changes story">${line.map((one) => one.change
        ? html`<${Change} key=${one.change.change_id} change=${one.change} customer=${false} />`
        : html`<${Happened} key=${one.event.id} event=${one.event} />`)}</ol>`
      : html`<${Empty}>${story ? "No change of this customer is kept." : "Loading …"}<//>`}
  </section>`;
}

function completeness({ events, events_since }) {
  if (events === null) return "changes only: the events cannot be read at present";
  return events_since ? html`events since <${When} at=${events_since} />, as far as the log was looked through` : null;
}

// One line of time, the latest first. What an event has caused comes after it, so above it.
function merged({ changes, events }) {
  const line = [...changes.map((change) => ({ at: change.at, change })), ...(events || []).map((event) => ({ at: event.at, event }))];
  return line.sort((one, other) => (one.at < other.at ? 1 : one.at > other.at ? -1 : (one.event ? 1 : 0) - (other.event ? 1 : 0)));
}

function Happened({ event }) {
  const facts = Object.entries({ ...event.traits, ...event.properties }).filter(([, value]) => value !== null && typeof value !== "object");
  return html`<li class="change event"><span class="mark" aria-hidden="true">·</span>
    <span class="said"><span dir="auto">${event.name}</span>
      ${facts.length ? html`<span class="because" dir="auto">${facts.slice(0, 6).map(([key, value]) => `${key} ${value}`).join(", ")}</span>` : null}</span>
    <${When} at=${event.at} /></li>`;
}

function Coming({ outlook }) {
  const coming = outlook.coming.slice(0, 3);
  return html`<section class="card coming"><h2>If nothing happens</h2>
    ${coming.length ? html`<ul>${coming.map((one) => html`<li key=${one.segment}>${sentence(one, outlook.at)} <span class="note"><${When} at=${one.next.at} /></span></li>`)}</ul>`
      : html`<p class="empty">Nothing changes.</p>`}
  </section>`;
}

function sentence(one, now) {
  const soon = Date.parse(one.next.at) <= Date.parse(now) ? "now" : `in ${between(now, one.next.at)}`;
  const name = html`<a href=${segmentLink(one.segment)} dir="auto">${one.title}</a>`;
  if (one.next.to && one.next.from) return html`${name}: goes from <b>${one.next.from}</b> to <b>${one.next.to}</b> <b>${soon}</b>`;
  if (one.next.direction === "entered") return html`enters ${name}${one.next.to ? html` as <b>${one.next.to}</b>` : null} <b>${soon}</b>`;
  return html`leaves ${name} <b>${soon}</b>`;
}

function Place({ customer, one, place }) {
  return html`<li>
    <p><a href=${segmentLink(one.segment)} dir="auto">${one.title}</a> <code>${one.segment}</code></p>
    <p class="note">since <${When} at=${one.since} />${place?.next ? html` · until <${When} at=${place.next.at} /> if nothing happens` : null}</p>
    <${Why} customer=${customer} segment=${one.segment} label="Why" />
  </li>`;
}

function Miss({ customer, one }) {
  return html`<li>
    <p><a href=${segmentLink(one.segment)} dir="auto">${one.title}</a> <code>${one.segment}</code></p>
    <p class="note">missing: ${one.missing.map((each, at) => html`${at ? "; " : ""}<span dir="auto">${each.text}</span>${each.missing || each.detail ? html` <span dir="auto">(${plain(each.missing || each.detail)})</span>` : null}`)}</p>
    <${Why} customer=${customer} segment=${one.segment} label="Why not" />
  </li>`;
}

function Why({ customer, segment, label }) {
  const [open, set] = useState(false);
  return html`<details onToggle=${(event) => set(event.target.open)}><summary>${label}</summary>${open ? html`<${Reasons} customer=${customer} segment=${segment} />` : null}</details>`;
}

function Reasons({ customer, segment }) {
  const { answer, problem } = useAnswer(path("customers", customer, "segments", segment));
  if (!answer) return html`<p class="note">${problem ? problem.message : "Loading …"}</p>`;
  return html`${answer.tiers.map(({ tier, condition }) => html`<div>${tier ? html`<p class="kicker">tier ${tier}</p>` : null}
    <ul class="tree">${condition ? html`<${Tree} condition=${condition} />` : html`<li class="else">everybody else</li>`}</ul></div>`)}`;
}
