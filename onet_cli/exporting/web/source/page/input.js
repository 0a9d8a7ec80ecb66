/** Ways in which a photo comes in: chosen, taken, dropped or pasted. */

/**
 * Call `take` with each photo that comes in.
 *
 * @param {{zone: HTMLElement, inputs: HTMLInputElement[]}} elements
 * @param {(photo: File) => void} take
 * @param {(text: string) => void} refuse Called with a reason.
 */
export function listenForPhotos({ zone, inputs }, take, refuse) {
  for (const input of inputs)
    input.addEventListener("change", () => {
      if (input.files?.length) take(input.files[0]);
      input.value = ""; // so that the same file may be chosen again
    });
  const picture = (/** @type {DataTransfer | null} */ data) => {
    const files = [...(data?.files ?? [])];
    return files.find((file) => file.type.startsWith("image/")) ?? files[0];
  };
  for (const name of ["dragenter", "dragover"])
    document.addEventListener(name, (event) => {
      event.preventDefault();
      zone.classList.add("over");
    });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) zone.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    const file = picture(event.dataTransfer);
    if (file) take(file);
    else refuse("That was not a file. Save the picture first, then drop it here.");
  });
  document.addEventListener("paste", (event) => {
    const file = picture(event.clipboardData);
    if (file) take(file);
    else refuse("The clipboard holds no picture.");
  });
}
