import { batch, signal, type Signal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";

const watched = new WeakMap<Element, Signal<boolean>>();
const onScreen = new IntersectionObserver(tellAll);
const near = new IntersectionObserver(tellAll, { rootMargin: "150px" });

function tellAll(entries: readonly IntersectionObserverEntry[]): void {
  batch(() => entries.forEach(({ target, isIntersecting }) => tell(target, isIntersecting)));
}

function tell(element: Element, isIntersecting: boolean): void {
  const isInSight = watched.get(element);
  if (isInSight !== undefined) isInSight.value = isIntersecting;
}

/** Whether an element is on the screen; what is empty till then, nearly: it is drawn before it is scrolled to. */
export function useInSight<Place extends Element>(isAtFirst: boolean) {
  const observer = isAtFirst ? onScreen : near;
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
