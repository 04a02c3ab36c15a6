export function Kbd({ children }: { children: string }) {
  return <kbd className="rounded-sm border border-current/40 px-1 font-sans text-2xs font-medium">{children}</kbd>;
}
