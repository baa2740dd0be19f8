/**
 * Counts what is put into a dead-letter queue. RabbitMQ's own counts leave it out: `publish` is what publishers publish, not
 * what one queue passes on to another. So what counts is by how much the queue grows, which is never too much: what is taken
 * out of it between two looks hides as many that came in.
 */
export interface DeadLetters {
  /** Since the first look; `depth` is what stands in the queue now. */
  arrivedBy(depth: number): number;
}

export function createDeadLetters(): DeadLetters {
  let before: number | null = null;
  let arrived = 0;
  return {
    arrivedBy(depth) {
      arrived += Math.max(0, depth - (before ?? depth));
      before = depth;
      return arrived;
    },
  };
}
