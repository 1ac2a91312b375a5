// The shop's own colour, made dark enough for white text on it (WCAG 2.2: 4.5 to 1).

const ENOUGH = 4.5;

function parse(hex) {
  const short = /^#([\da-f])([\da-f])([\da-f])$/i.exec(hex);
  const long = short ? `#${short.slice(1).map((c) => c + c).join("")}` : hex;
  const found = /^#([\da-f]{2})([\da-f]{2})([\da-f]{2})$/i.exec(long ?? "");
  return found ? found.slice(1).map((two) => parseInt(two, 16)) : null;
}

const linear = (c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);

const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);

/** Contrast of a colour with white, 1 to 21. */
export const contrast = (rgb) => 1.05 / (luminance(rgb) + 0.05);

const mix = (rgb, with_, share) => rgb.map((c, i) => Math.round(c * (1 - share) + with_[i] * share));
const css = (rgb) => `rgb(${rgb.join(" ")})`;

/** CSS variables for an accent colour `#rrggbb` or `#rgb`; null when it is no such colour. */
export function shades(hex) {
  let accent = parse(hex);
  if (!accent) return null;
  while (contrast(accent) < ENOUGH) accent = mix(accent, [0, 0, 0], 0.06);
  return {
    "--accent": css(accent),
    "--accent-deep": css(mix(accent, [0, 0, 0], 0.18)),
    "--accent-tint": css(mix(accent, [255, 255, 255], 0.88)),
    "--accent-line": css(mix(accent, [255, 255, 255], 0.68)),
  };
}
