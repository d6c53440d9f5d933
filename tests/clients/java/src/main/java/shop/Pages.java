package shop;

import java.util.Map;

import org.springframework.core.env.Environment;
import org.springframework.http.HttpHeaders;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.security.oauth2.client.OAuth2AuthorizedClient;
import org.springframework.security.oauth2.client.annotation.RegisteredOAuth2AuthorizedClient;
import org.springframework.security.oauth2.core.oidc.user.OidcUser;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.web.csrf.CsrfToken;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.RestClient;

@RestController
class Pages {
    private final RestClient http = RestClient.create();
    private final Environment environment;

    Pages(Environment environment) {
        this.environment = environment;
    }

    /** The logged-in user, and the fields of the logout form. */
    @GetMapping("/")
    Map<String, Object> home(@AuthenticationPrincipal OidcUser user, CsrfToken csrf) {
        return Map.of("claims", user.getClaims(), "csrf", csrf.getToken());
    }

    /** Calls the resource server with an access token that Spring refreshes. */
    @GetMapping("/my-orders")
    Map<String, Object> myOrders(@RegisteredOAuth2AuthorizedClient("ratchet") OAuth2AuthorizedClient client) {
        var orders = http.get()
            .uri("http://127.0.0.1:{port}/orders", environment.getProperty("local.server.port"))
            .header(HttpHeaders.AUTHORIZATION, "Bearer " + client.getAccessToken().getTokenValue())
            .retrieve()
            .body(Map.class);
        return Map.of("orders", orders, "refreshToken", client.getRefreshToken().getTokenValue());
    }

    /** The resource server's answer: the owner of the orders. */
    @GetMapping("/orders")
    Map<String, Object> orders(@AuthenticationPrincipal Jwt token) {
        return Map.of("sub", token.getSubject(), "scope", token.getClaimAsString("scope"));
    }

    @GetMapping("/signed-out")
    Map<String, Object> signedOut() {
        return Map.of();
    }
}
