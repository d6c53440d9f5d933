package shop;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The local server with the tests' tenant, on a free port. */
final class LocalServer {
    private static final String READY = "ready ";

    private final Process process;
    private final String issuer;

    private LocalServer(Process process, String issuer) {
        this.process = process;
        this.issuer = issuer;
    }

    static LocalServer start() {
        try {
            return startWith(tenant(), Files.createTempFile("ratchet-", ".log"));
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private static LocalServer startWith(Path tenant, Path log) throws IOException {
        var process = new ProcessBuilder(
            program(), "--port", "0", "--data", "memory", "--tenant", tenant.toString())
            .redirectError(log.toFile())
            .start();
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroy));
        var output = new BufferedReader(new InputStreamReader(process.getInputStream()));
        for (var line = output.readLine(); line != null; line = output.readLine()) {
            if (line.startsWith(READY)) {
                return new LocalServer(process, line.substring(READY.length()));
            }
        }
        throw new IOException("the server stopped before it was ready: " + Files.readString(log));
    }

    private static String program() {
        var built = Path.of(System.getProperty("cargo.target"), "debug", "local");
        return Optional.ofNullable(System.getenv("CARGO_BIN")).orElse(built.toString());
    }

    /** The tests' tenant with the named users only. */
    private static Path tenant() throws IOException {
        var text = Files.readString(Path.of("..", "..", "fixtures", "tenant.yaml")).split("# pool\n")[0];
        return Files.writeString(Files.createTempFile("tenant-", ".yaml"), text);
    }

    /** The issuer, with its trailing slash. */
    String issuer() {
        return issuer;
    }

    void stop() {
        process.destroy();
    }
}
