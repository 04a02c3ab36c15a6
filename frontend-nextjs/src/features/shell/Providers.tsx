"use client";
/** What every page stands in: language, server state, messages that pass, and the frame with its gate. */
import { QueryClientProvider } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { ToastProvider } from "@/components/ui/Toast";
import { newQueryClient } from "@/lib/query";
import { Frame } from "./Frame";
import { LanguageProvider } from "./Language";

export function Providers({ children }: { children: ReactNode }) {
  const [client] = useState(newQueryClient);
  return (
    <LanguageProvider>
      <QueryClientProvider client={client}>
        <ToastProvider>
          <Frame>{children}</Frame>
        </ToastProvider>
      </QueryClientProvider>
    </LanguageProvider>
  );
}
