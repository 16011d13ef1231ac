// What was typed and not sent stays where the page changes its language; passwords and files are not kept anywhere.
const KEPT = "souspli-saisie";
const typed = "main input:not([type=password]):not([type=file]):not([type=hidden]), main select, main textarea";

for (const form of document.querySelectorAll('form[action="/langue"]')) {
  form.addEventListener("submit", () => {
    const fields = Array.from(document.querySelectorAll(typed), (field) => [field.id, field.type === "checkbox" ? field.checked : field.value]);
    sessionStorage.setItem(KEPT, JSON.stringify({ page: form.elements.page.value, fields }));
  });
}

const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
sessionStorage.removeItem(KEPT);
if (kept?.page === location.pathname) {
  for (const [id, value] of kept.fields) {
    const field = id && document.getElementById(id);
    if (!field) continue;
    if (field.type === "checkbox") field.checked = value;
    else field.value = value;
  }
}
