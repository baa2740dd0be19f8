import { useEffect, useRef, useState } from "preact/hooks";

const MARGIN = "150px"; // drawn before it is scrolled to

/** Whether an element is on the screen, or nearly. What is not need not be drawn with each turn. */
export function useInSight() {
  const place = useRef<HTMLElement>(null);
  const [isInSight, setInSight] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => setInSight(entry?.isIntersecting ?? true), { rootMargin: MARGIN });
    if (place.current !== null) observer.observe(place.current);
    return () => observer.disconnect();
  }, []);
  return { place, isInSight };
}
