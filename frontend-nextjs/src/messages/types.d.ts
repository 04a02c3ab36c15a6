import type en from "./en";

declare module "next-intl" {
  interface AppConfig {
    Locale: "fr" | "en";
    Messages: typeof en;
  }
}
