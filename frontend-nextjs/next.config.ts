import type { NextConfig } from "next";

/** A static export: FastAPI serves the pages, nothing of Node runs beside it. `API` (development only) names a running
 * service that `npm run dev` passes requests on to. */
const api = process.env.API;

const config: NextConfig = {
  reactStrictMode: true,
  poweredByHeader: false,
  devIndicators: false,
  compress: false,
  images: { unoptimized: true },
  // Messages are compiled when they are built (scripts/messages.mjs): 13 kB less in every page.
  turbopack: { resolveAlias: { "use-intl/format-message": "./node_modules/use-intl/dist/esm/production/format-message/format-only.js" } },
  ...(api
    ? { rewrites: async () => ["api", "health"].map((part) => ({ source: `/${part}/:path*`, destination: `${api}/${part}/:path*` })) }
    : { output: "export" as const }),
};

export default config;
