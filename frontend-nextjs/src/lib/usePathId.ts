"use client";
/** The id in `/meetings/<id>` or `/voices/<id>`: all such pages are one static file, so it is read from the address. */
import { usePathname } from "next/navigation";

export function usePathId(): string {
  return usePathname().split("/")[2] ?? "";
}
