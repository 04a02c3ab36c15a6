import { describe, expect, it } from "vitest";
import { invitationLink, readInvitation } from "./invitation";

const read = (link: string) => {
  const url = new URL(link);
  return readInvitation(url.search, url.hash);
};

describe("an invitation", () => {
  it.each([
    { username: "admin", oneTimePassword: "3jk-29x_aa" },
    { username: "claire@example.org", oneTimePassword: "50%#/ é" },
  ])("says in a link who and with what: %o", (invitation) => {
    expect(read(invitationLink(invitation, "https://scribe.example"))).toEqual(invitation);
  });

  it("keeps the password out of what is sent", () => {
    const url = new URL(invitationLink({ username: "claire", oneTimePassword: "secret" }, "https://scribe.example"));
    expect(url.pathname + url.search).not.toContain("secret");
  });

  it("is empty without a link, and broken ones do not throw", () => {
    expect(readInvitation("", "")).toEqual({ username: "", oneTimePassword: "" });
    expect(readInvitation("", "#%E0%A4%A").oneTimePassword).toBe("%E0%A4%A");
  });
});
