package shop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Map;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

import com.jayway.jsonpath.JsonPath;

/** Spring Security's client and resource server, as Spring Boot configures them, with a local server. */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT)
@TestMethodOrder(MethodOrderer.MethodName.class)
class ShopTest {
    private static final LocalServer SERVER = LocalServer.start();
    private static final String HOME = Browser.SHOP + "/";
    private static final String SIGNED_OUT = Browser.SHOP + "/signed-out";

    private Browser browser;

    @DynamicPropertySource
    static void issuer(DynamicPropertyRegistry properties) {
        properties.add("issuer", SERVER::issuer);
    }

    @BeforeEach
    void openBrowser(@LocalServerPort int port) {
        browser = new Browser(port);
    }

    @AfterAll
    static void stop() {
        SERVER.stop();
    }

    @Test
    void a_login_brings_the_claims_of_the_ID_token() {
        var home = logIn();
        assertThat(read(home, "$.claims.email")).isEqualTo("ada@example.com");
        assertThat(read(home, "$.claims.iss")).isEqualTo(SERVER.issuer());
    }

    @Test
    void a_logout_after_refreshes_ends_both_sessions_and_comes_back() {
        logIn();
        myOrders();
        myOrders();
        var csrf = read(browser.open(HOME), "$.csrf");
        var left = browser.post(Browser.SHOP + "/logout", Map.of("_csrf", csrf));
        assertThat(left.address()).hasToString(SIGNED_OUT);
        var again = browser.open(HOME);
        assertThat(again.address().toString()).startsWith(SERVER.issuer() + "u/login?");
    }

    @Test
    void the_resource_server_refuses_a_call_without_a_token() {
        assertThat(browser.open(Browser.SHOP + "/orders").status()).isEqualTo(401);
    }

    /** The API's access tokens live shorter than the minute by which Spring refreshes in advance. */
    @Test
    void the_client_refreshes_by_itself_before_each_call_to_the_resource_server() {
        var sub = read(logIn(), "$.claims.sub");
        var seen = new HashSet<String>();
        for (int turn = 1; turn <= 3; turn += 1) {
            var orders = myOrders();
            assertThat(read(orders, "$.orders.sub")).isEqualTo(sub);
            assertThat(seen.add(read(orders, "$.refreshToken"))).as("a rotated token").isTrue();
        }
        assertThat(read(browser.open(HOME), "$.claims.sub")).isEqualTo(sub);
    }

    private Browser.Page logIn() {
        var home = browser.logIn(HOME, "ada@example.com", "correct horse battery staple");
        assertThat(home.address()).hasToString(HOME + "?continue");
        return home;
    }

    private Browser.Page myOrders() {
        var orders = browser.open(Browser.SHOP + "/my-orders");
        assertThat(orders.status()).as(orders.body()).isEqualTo(200);
        return orders;
    }

    private static String read(Browser.Page page, String path) {
        return JsonPath.read(page.body(), path);
    }
}
