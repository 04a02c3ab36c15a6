import { describe, expect, it } from "vitest";
import { splitNames } from "./aliases";

describe("other names of a person", () => {
  it("are separated by commas, semicolons or lines", () => expect(splitNames("Claire, CM; Mme  Martin\nclm")).toEqual(["Claire", "CM", "Mme Martin", "clm"]));
  it("are none without any", () => expect(splitNames(" , ;")).toEqual([]));
  it("stand once, and twenty at most", () => {
    expect(splitNames("a,b,a")).toEqual(["a", "b"]);
    expect(splitNames(Array.from({ length: 30 }, (_, i) => `n${i}`).join())).toHaveLength(20);
  });
});
