// Builds the portal's web application into dist/web, if that is older than what it is made of: about two seconds. `npm start`,
// `npm test` and `npm pack` come by here first, so that nobody has to know. With --always it builds in any case.
//
// Text is compressed once, here: the server only hands it out.
import { existsSync, globSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'

const here = import.meta.dirname
const source = join(here, 'src/portal/web')
const built = join(here, 'dist/web')
const page = join(built, 'index.html')

// Two files that every page needs; more would compress worse. The libraries' one stays in the browser when ours changes. What of
// them only some pages use (a list that goes on, a change that is sent) comes with those.
const libraries = {
  name: 'libraries',
  test: /node_modules\/(?:react|react-dom|scheduler|@tanstack\/(?!.*(?:virtual|useInfinite|infiniteQueryObserver|useMutation|mutationObserver))[^/]+)\//,
}
const shell = {
  name: 'shell',
  test: /portal\/web\/(?:router\.tsx|shell\/(?!palette|help|dialog|theme|table|copy|pretty-json|form|link-class|use-read|missing)|words\/(?!zh|numbers)|asking\/ask\.)/,
}

function isFresh(): boolean {
  if (!existsSync(page)) return false
  const builtAtMs = statSync(page).mtimeMs
  const parts = [...globSync(`${source}/**/*.*`), join(here, 'build-web.ts'), join(here, 'package-lock.json')]
  return parts.every((path) => statSync(path).mtimeMs <= builtAtMs)
}

async function buildWeb(): Promise<void> {
  // Begun before the build: what is saved while it runs makes the next one.
  const begunAt = new Date()
  // Development builds of React are three times as large; whoever calls us may be a test.
  process.env['NODE_ENV'] = 'production'
  const { build } = await import('vite')
  const { default: react } = await import('@vitejs/plugin-react')
  const { default: tailwind } = await import('@tailwindcss/vite')
  await build({
    configFile: false,
    root: source,
    logLevel: 'warn',
    plugins: [react(), tailwind()],
    build: {
      outDir: built,
      emptyOutDir: true,
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      manifest: true,
      target: 'es2023',
      rolldownOptions: {
        output: { codeSplitting: { groups: [libraries, shell] } },
      },
    },
  })
  const assets = join(built, 'assets')
  for (const name of readdirSync(assets).filter((one) => /\.(?:js|css)$/.test(one))) {
    const bytes = readFileSync(join(assets, name))
    writeFileSync(join(assets, `${name}.br`), brotliCompressSync(bytes))
    writeFileSync(join(assets, `${name}.gz`), gzipSync(bytes, { level: 9 }))
  }
  utimesSync(page, begunAt, begunAt)
}

if (process.argv.includes('--always') || !isFresh()) {
  try {
    await buildWeb()
  } catch (error) {
    // An install without development packages has no builder; it serves everything but the portal's pages.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    process.stderr.write('The portal was not built: its builder is a development package. `npm ci` installs it.\n')
  }
}
