/** How often sensors look where nothing says otherwise, for them and for those who reckon with it. */
export const TREES_EVERY_MS = 10_000; // a scan of all processes costs milliseconds; memory or CPU worth a restart stays for a minute
export const QUEUE_EVERY_MS = 5_000;
