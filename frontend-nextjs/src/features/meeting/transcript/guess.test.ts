import { expect, it } from "vitest";
import { secondsAt } from "./guess";

const line = { start: 10, end: 20, text: "0123456789" };

it("guesses when a letter is heard", () => {
  expect(secondsAt(line, 0)).toBe(10);
  expect(secondsAt(line, 5)).toBe(15);
  expect(secondsAt(line, 99)).toBe(20);
  expect(secondsAt({ ...line, text: "" }, 3)).toBe(10);
});
