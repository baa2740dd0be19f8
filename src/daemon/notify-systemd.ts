export function systemdNotifier(_env: Readonly<Record<string, string | undefined>>) {
  return { ready(): void {}, turned(): void {}, stopping(): void {} };
}
