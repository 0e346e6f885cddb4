// htm bound to Preact: every view imports `html` and the hooks from here.
import { h, render } from "preact";
import htm from "htm";

export { render };
export { useEffect, useMemo, useRef, useState } from "preact/hooks";
export const html = htm.bind(h);
