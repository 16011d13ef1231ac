// Before a secret leaves: does the relay still listen that made this page? After its end any program can have its port. The word of
// our forms is the key; it is in this page and in the relay, and goes to nobody for this question.
const stranger = document.currentScript.dataset.etranger;

const octets = (text) => new TextEncoder().encode(text);

// The question and its proof; null where somebody else has answered.
async function asked(word) {
  const random = crypto.getRandomValues(new Uint8Array(20));
  const question = Array.from(random, (octet) => octet.toString(16).padStart(2, "0")).join("");
  const answer = await fetch(`/preuve/page?defi=${question}`, { cache: "no-store" });
  const said = answer.ok ? (await answer.text()).match(/^[0-9a-f]{64}$/) : null;
  if (!said) return null;
  const proof = Uint8Array.from(said[0].match(/../g), (pair) => parseInt(pair, 16));
  const key = await crypto.subtle.importKey("raw", octets(word), { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
  const ours = await crypto.subtle.verify("HMAC", key, proof, octets(`souspli page\0${location.origin}\0${question}`));
  return ours ? { defi: question, preuve: said[0] } : null;
}

// The relay takes no secret without it: where no script runs, nothing has asked.
function bring(form, fields) {
  for (const [name, value] of Object.entries(fields)) {
    // Who comes back to the page brings them anew.
    const field = form.elements.namedItem(name) ?? form.appendChild(document.createElement("input"));
    Object.assign(field, { type: "hidden", name, value });
  }
}

function refuse(form) {
  for (const field of form.querySelectorAll("input[type=password]")) field.value = "";
  if (form.querySelector("[role=alert]")) return;
  const told = document.createElement("p");
  told.setAttribute("role", "alert");
  told.className = "bad";
  told.textContent = stranger;
  form.append(told);
}

for (const field of document.querySelectorAll("input[type=password]")) {
  for (const button of field.form.querySelectorAll("button[disabled]")) button.disabled = false;
  field.form.addEventListener("submit", async (event) => {
    const form = event.currentTarget;
    event.preventDefault();
    const ours = await asked(form.elements.mot.value).catch(() => null);
    if (!ours) return refuse(form);
    bring(form, ours);
    form.submit();
  });
}
