import { describe, expect, it } from "vitest";
import { agentOf } from "./userAgent";

describe("where somebody is signed in", () => {
  it.each([
    ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox", "Linux"],
    ["Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36 Edg/141.0", "Edge", "Windows"],
    ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1", "Safari", "iPhone"],
    ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36", "Chrome", "macOS"],
    ["Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Mobile Safari/537.36", "Chrome", "Android"],
    ["curl/8.5.0", "curl", null],
    ["python-httpx/0.28.1", "python-httpx", null],
  ])("%s", (userAgent, browser, system) => expect(agentOf(userAgent)).toEqual({ browser, system }));

  it.each(["", "Mozilla/5.0", "<script>"])("says nothing of what nobody knows: %j", (userAgent) => expect(agentOf(userAgent)).toBeNull());
});
