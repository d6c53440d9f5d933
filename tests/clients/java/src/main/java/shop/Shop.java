package shop;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.core.annotation.Order;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.oauth2.client.oidc.web.logout.OidcClientInitiatedLogoutSuccessHandler;
import org.springframework.security.oauth2.client.registration.ClientRegistrationRepository;
import org.springframework.security.oauth2.client.web.DefaultOAuth2AuthorizationRequestResolver;
import org.springframework.security.oauth2.client.web.OAuth2AuthorizationRequestRedirectFilter;
import org.springframework.security.oauth2.client.web.OAuth2AuthorizationRequestResolver;
import org.springframework.security.web.SecurityFilterChain;

/** A shop whose pages are an OAuth 2.0 client and whose orders are a resource server. */
@SpringBootApplication
public class Shop {
    public static void main(String[] args) {
        SpringApplication.run(Shop.class, args);
    }

    /** The resource server. */
    @Bean
    @Order(1)
    SecurityFilterChain resourceServer(HttpSecurity http) throws Exception {
        return http.securityMatcher("/orders")
            .authorizeHttpRequests(requests -> requests.anyRequest().hasAuthority("SCOPE_read:orders"))
            .oauth2ResourceServer(server -> server.jwt(Customizer.withDefaults()))
            .build();
    }

    /** The client: it redirects a visitor without a session to the login. */
    @Bean
    @Order(2)
    SecurityFilterChain client(HttpSecurity http, ClientRegistrationRepository clients) throws Exception {
        var signedOut = new OidcClientInitiatedLogoutSuccessHandler(clients);
        signedOut.setPostLogoutRedirectUri("{baseUrl}/signed-out");
        return http
            .authorizeHttpRequests(
                requests -> requests.requestMatchers("/signed-out").permitAll().anyRequest().authenticated())
            .oauth2Login(
                login -> login.authorizationEndpoint(
                    endpoint -> endpoint.authorizationRequestResolver(withAudience(clients))))
            .logout(logout -> logout.logoutSuccessHandler(signedOut))
            .build();
    }

    /** Requests access tokens for this API with Auth0's parameter `audience`. */
    private static OAuth2AuthorizationRequestResolver withAudience(ClientRegistrationRepository clients) {
        var resolver = new DefaultOAuth2AuthorizationRequestResolver(
            clients, OAuth2AuthorizationRequestRedirectFilter.DEFAULT_AUTHORIZATION_REQUEST_BASE_URI);
        resolver.setAuthorizationRequestCustomizer(
            request -> request.additionalParameters(
                parameters -> parameters.put("audience", "https://hasty.example.com")));
        return resolver;
    }
}
