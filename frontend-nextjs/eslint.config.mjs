import next from "eslint-config-next/core-web-vitals";
import typescript from "eslint-config-next/typescript";

const config = [
  { ignores: ["out/**", ".next/**", "next-env.d.ts", "src/lib/api/schema.d.ts", "test-results/**", "playwright-report/**"] },
  ...next,
  ...typescript,
  {
    rules: {
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", ignoreRestSiblings: true }],
      "no-console": "error",
      eqeqeq: ["error", "always"],
    },
  },
];

export default config;
