// Health check of the container: ends with 0 where the daemon says that it lives. Node asks, so that the image needs no
// curl and no shell. Host and port are those of the environment, which wins over the file of --settings.
const { FRIST_HTTP_HOST: host = '', FRIST_HTTP_PORT: port = '8080' } = process.env;
const everywhere = ['', '0.0.0.0', '::'].includes(host);
const url = `http://${everywhere ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host}:${port}/healthz`;
try {
  const { ok } = await fetch(url, { signal: AbortSignal.timeout(5000) });
  process.exitCode = ok ? 0 : 1;
} catch {
  process.exitCode = 1;
}
