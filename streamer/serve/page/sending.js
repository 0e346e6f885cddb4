// A test event, where the server takes some: on the file of the embedded default.
import { html, useState } from "./html.js";
import { send, useAnswer } from "./api.js";
import { customerLink } from "./parts.js";
import { exact, sentence } from "./words.js";

const SENT = { product_id: "shoe-1", category: "shoes", price: 59.9, quantity: 1 };

export function Sending({ customer = "" }) {
  const { answer: health } = useAnswer("/v1/health");
  const { answer: rules } = useAnswer("/v1/rules", { every: 60000 });
  const [said, say] = useState(null);
  if (!health?.test_events) return null;
  const names = [...new Set((rules?.segments || []).flatMap((one) => one.events))].sort();
  const submit = async (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    try {
      const properties = JSON.parse(form.get("properties") || "{}");
      say({ sent: await send({ name: form.get("name"), user_id: form.get("customer"), properties }) });
    } catch (problem) {
      say({ problem: problem instanceof SyntaxError ? `The properties are no JSON: ${problem.message}` : problem.message, write: problem.write });
    }
  };
  return html`<section class="card"><details class="sending"><summary>Send a test event</summary>
    <form onSubmit=${submit}>
      <label>Event <input name="name" list="event-names" defaultValue=${names.includes("product_added") ? "product_added" : names[0] || "product_viewed"} required autocomplete="off" /></label>
      <datalist id="event-names">${names.map((one) => html`<option value=${one} />`)}</datalist>
      <label>Customer <input name="customer" defaultValue=${customer || "u-1"} required autocomplete="off" dir="auto" /></label>
      <label class="wide">Properties, as JSON <textarea name="properties" rows="3" spellcheck="false" defaultValue=${JSON.stringify(SENT)}></textarea></label>
      <button>Send</button>
      <p class="note" role="status">${said?.sent ? html`Sent: <code>${said.sent.id}</code>, at ${exact(said.sent.at)}. What it changes shows in the story of <a href=${customerLink(said.sent.customer_id)} dir="auto">${said.sent.customer_id}</a>.` : null}
        ${said?.problem ? html`<span class="bad" dir="auto">${sentence(said.problem)}</span>${said.write ? html` Write <code dir="auto">${said.write}</code>` : null}` : null}</p>
    </form></details></section>`;
}
