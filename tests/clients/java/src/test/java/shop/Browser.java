package shop;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import org.springframework.web.util.HtmlUtils;

/** The parts of a user's browser that a login needs: cookies, redirects and forms. */
final class Browser {
    /** The shop's address for visitors, as if a proxy that ends TLS were in front of it. */
    static final String SHOP = "https://spring.example.com";

    private static final int MOST_REDIRECTS = 12;
    private static final Pattern TAG = Pattern.compile("<(form|input|meta)\\s[^>]*>");
    private static final Pattern ATTRIBUTE = Pattern.compile("([\\w-]+)=\"([^\"]*)\"");

    private final HttpClient http = HttpClient.newHttpClient();
    private final Map<String, Map<String, String>> cookies = new HashMap<>();
    private final int shopPort;

    Browser(int shopPort) {
        this.shopPort = shopPort;
    }

    /** The last page and its address. */
    record Page(URI address, int status, String body) {}

    Page open(String address) {
        return follow(URI.create(address), Optional.empty());
    }

    Page post(String address, Map<String, String> fields) {
        return follow(URI.create(address), Optional.of(fields));
    }

    /** Opens a page; types name and password and consents until a page has no form. */
    Page logIn(String address, String username, String password) {
        var typed = Map.of("username", username, "password", password);
        var page = open(address);
        while (page.body().contains("<form")) {
            page = submit(page, page.address().getPath().equals("/u/login") ? typed : Map.of());
        }
        return page;
    }

    private Page submit(Page page, Map<String, String> typed) {
        var fields = new HashMap<>(Map.of("action", typed.isEmpty() ? "accept" : "default"));
        var action = new String[1];
        TAG.matcher(page.body()).results().forEach(tag -> {
            var attributes = attributes(tag);
            if (tag.group(1).equals("form")) {
                action[0] = attributes.get("action");
            } else if ("hidden".equals(attributes.get("type"))) {
                fields.put(attributes.get("name"), attributes.get("value"));
            }
        });
        fields.putAll(typed);
        return follow(page.address().resolve(action[0]), Optional.of(fields));
    }

    /** Follows redirects, and pages that redirect by themselves. */
    private Page follow(URI start, Optional<Map<String, String>> form) {
        var address = start;
        var response = send(start, form);
        for (int hops = 0; hops < MOST_REDIRECTS; hops += 1) {
            var next = response.headers().firstValue("location").or(leadingOn(response.body()));
            if (next.isEmpty()) {
                return new Page(address, response.statusCode(), response.body());
            }
            address = address.resolve(next.get());
            response = send(address, Optional.empty());
        }
        throw new IllegalStateException("the redirects do not end: " + address);
    }

    private static Supplier<Optional<String>> leadingOn(String body) {
        return () -> TAG.matcher(body).results()
            .map(Browser::attributes)
            .filter(attributes -> "refresh".equals(attributes.get("http-equiv")))
            .map(attributes -> attributes.get("content").replaceFirst("^0; *url=", ""))
            .findFirst();
    }

    private HttpResponse<String> send(URI address, Optional<Map<String, String>> form) {
        var atShop = address.toString().startsWith(SHOP + "/");
        var jar = cookies.computeIfAbsent(address.getAuthority(), host -> new HashMap<>());
        var request = HttpRequest.newBuilder(atShop ? behindProxy(address) : address);
        if (atShop) {
            request.header("X-Forwarded-Proto", address.getScheme());
            request.header("X-Forwarded-Host", address.getHost());
            request.header("X-Forwarded-Port", "443");
        }
        request.header("Accept", "text/html,*/*;q=0.8");
        request.header("Cookie", encode(jar, "; "));
        form.ifPresent(fields -> {
            request.header("Content-Type", "application/x-www-form-urlencoded");
            request.POST(BodyPublishers.ofString(encode(escaped(fields), "&")));
        });
        try {
            var response = http.send(request.build(), BodyHandlers.ofString());
            response.headers().allValues("set-cookie").forEach(line -> keep(jar, line));
            return response;
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        } catch (InterruptedException error) {
            throw new IllegalStateException(error);
        }
    }

    private URI behindProxy(URI address) {
        return URI.create(address.toString().replace(SHOP, "http://127.0.0.1:" + shopPort));
    }

    private static void keep(Map<String, String> jar, String line) {
        var parts = line.split(";", 2);
        var pair = parts[0].split("=", 2);
        if (parts.length > 1 && parts[1].toLowerCase().contains("max-age=0")) {
            jar.remove(pair[0]);
        } else {
            jar.put(pair[0], pair[1]);
        }
    }

    private static String encode(Map<String, String> pairs, String between) {
        return pairs.entrySet().stream()
            .map(pair -> pair.getKey() + "=" + pair.getValue())
            .collect(Collectors.joining(between));
    }

    private static Map<String, String> escaped(Map<String, String> fields) {
        return fields.entrySet().stream()
            .collect(Collectors.toMap(
                Map.Entry::getKey,
                field -> URLEncoder.encode(field.getValue(), StandardCharsets.UTF_8)));
    }

    private static Map<String, String> attributes(MatchResult tag) {
        return ATTRIBUTE.matcher(tag.group()).results()
            .collect(Collectors.toMap(
                attribute -> attribute.group(1),
                attribute -> HtmlUtils.htmlUnescape(attribute.group(2))));
    }
}
