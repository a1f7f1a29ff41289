/** Names of keys as musicians write them; the board spells them in ASCII. */
export const withSigns = (text) =>
  text.replace(/\b([A-G])b\b/g, "$1♭").replace(/\b([A-G])#/g, "$1♯");
