/** The API as these tests use it beside the browser: to prepare what a test is not about. */
import { request as http, type APIRequestContext, type BrowserContext, type Page } from "@playwright/test";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { ADMINISTRATOR, COLLEAGUE, SAMPLES, stack } from "./stack";

interface Problem {
  detail?: string;
}

export class Service {
  private constructor(
    private readonly connection: APIRequestContext,
    private readonly csrf: string,
  ) {}

  /** Signed in as the administrator, who gets a password first if nobody has chosen one. */
  static async open(): Promise<Service> {
    return Service.signedIn(ADMINISTRATOR, async () => stack().oneTimePassword);
  }

  /** Somebody else, with the same rights. */
  async colleague(): Promise<Service> {
    return Service.signedIn(COLLEAGUE, async () => {
      const made = await this.send<{ one_time_password: string }>("post", "/api/v1/users", { username: COLLEAGUE.username, display_name: COLLEAGUE.name, role: "admin" });
      return made.one_time_password;
    });
  }

  private static async signedIn({ username, password }: typeof ADMINISTRATOR, invited: () => Promise<string>): Promise<Service> {
    const connection = await http.newContext({ baseURL: stack().url });
    const login = (word: string) => connection.post("/api/v1/auth/login", { data: { username, password: word } });
    let answer = await login(password);
    if (!answer.ok()) {
      const oneTimePassword = await invited();
      answer = await login(oneTimePassword);
      const { csrf_token } = (await answer.json()) as { csrf_token: string };
      answer = await connection.post("/api/v1/auth/password", {
        data: { current_password: oneTimePassword, new_password: password },
        headers: { "X-CSRF-Token": csrf_token },
      });
    }
    if (!answer.ok()) throw new Error(`signing in failed: ${answer.status()} ${await answer.text()}`);
    const { csrf_token } = (await answer.json()) as { csrf_token: string };
    return new Service(connection, csrf_token);
  }

  /** Signs the browser in without its page. */
  async lend(context: BrowserContext): Promise<void> {
    const { cookies } = await this.connection.storageState();
    await context.addCookies(cookies);
  }

  async get<T>(path: string): Promise<T> {
    const answer = await this.connection.get(path);
    if (!answer.ok()) throw new Error(`GET ${path}: ${answer.status()} ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  async send<T>(method: "post" | "put" | "patch" | "delete", path: string, data?: unknown, params?: Record<string, string>): Promise<T> {
    const answer = await this.connection[method](path, { data, params, headers: { "X-CSRF-Token": this.csrf }, timeout: 60_000 });
    if (!answer.ok()) throw new Error(`${method} ${path}: ${answer.status()} ${((await answer.json()) as Problem).detail}`);
    return (answer.status() === 204 ? undefined : await answer.json()) as T;
  }

  /** Uploads a recording; returns when its minutes are there. */
  async meeting(title: string, file = join(SAMPLES, "conference.flac"), more: Record<string, string> = {}): Promise<string> {
    const made = await this.send<{ id: string }>("post", "/api/v1/meetings", readFileSync(file), {
      title,
      file_name: basename(file),
      duplicate: "process",
      ...more,
    });
    for (;;) {
      const { status } = await this.get<{ status: string }>(`/api/v1/meetings/${made.id}`);
      if (status === "COMPLETED") return made.id;
      if (status === "FAILED" || status === "CANCELLED") throw new Error(`${title} is ${status}`);
      await new Promise((next) => setTimeout(next, 300));
    }
  }

  /** Somebody of the voice bank, introduced with the sample's clip. */
  async person(name: "June" | "Allison"): Promise<string> {
    const person = await this.send<{ id: string }>("post", "/api/v1/people", {
      name,
      consent: { given_by: `${name}, in writing`, text_version: "en-1" },
    });
    await this.send("post", `/api/v1/people/${person.id}/voices`, readFileSync(join(SAMPLES, "voices", `${name}.flac`)), {
      file_name: `${name}.flac`,
      wait: "30",
    });
    return person.id;
  }

  async close(): Promise<void> {
    await this.connection.dispose();
  }
}

/** Language and theme of the next pages of this browser. */
export async function prefer(page: Page, { language = "fr", theme = "light" }: { language?: "fr" | "en"; theme?: "light" | "dark" }): Promise<void> {
  await page.addInitScript(
    ([chosenLanguage, chosenTheme]) => {
      localStorage.setItem("scribe.language", chosenLanguage!);
      localStorage.setItem("scribe.theme", chosenTheme!);
    },
    [language, theme],
  );
}
