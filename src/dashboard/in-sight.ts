import { batch, signal, type Signal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";

const MARGIN = "150px"; // drawn before it is scrolled to
const watched = new WeakMap<Element, Signal<boolean>>();
const observer = new IntersectionObserver(
  (entries) => batch(() => entries.forEach(({ target, isIntersecting }) => tell(target, isIntersecting))),
  { rootMargin: MARGIN },
);

function tell(element: Element, isIntersecting: boolean): void {
  const isInSight = watched.get(element);
  if (isInSight !== undefined) isInSight.value = isIntersecting;
}

/** Whether an element is on the screen, or nearly. What is not need not be drawn with each turn. */
export function useInSight<Place extends Element>(isAtFirst: boolean) {
  const place = useRef<Place>(null);
  const isInSight = useMemo(() => signal(isAtFirst), []);
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    watched.set(element, isInSight);
    observer.observe(element);
    return () => observer.unobserve(element);
  }, []);
  return { place, isInSight };
}
