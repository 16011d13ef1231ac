// A button beside each setting that copies it; without scripts the settings are read and typed.
for (const place of document.querySelectorAll("[data-copier]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "plain copy";
  const said = place.querySelector("span").textContent;
  const label = () => { button.textContent = place.dataset.copier; };
  button.setAttribute("aria-live", "polite");
  label();
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(said);
    button.textContent = place.dataset.copie;
    setTimeout(label, 2000);
  });
  place.append(" ", button);
}
