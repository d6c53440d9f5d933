//! A client and an API for every algorithm, and a user who logs in.

use harness::apps::{App, Proof, User};

/// The signature algorithms; the cheapest first.
pub const ALGORITHMS: [Algorithm; 3] = [
    Algorithm {
        name: "ES256",
        client: "bench-es256",
        audience: "https://es256.example.com",
    },
    Algorithm {
        name: "RS256",
        client: "bench-rs256",
        audience: "https://rs256.example.com",
    },
    Algorithm {
        name: "PS256",
        client: "bench-ps256",
        audience: "https://ps256.example.com",
    },
];

/// A signature algorithm with the client and the API that use it.
#[derive(Clone, Copy)]
pub struct Algorithm {
    pub name: &'static str,
    pub client: &'static str,
    pub audience: &'static str,
}

impl Algorithm {
    /// The client, as the harness logs in with it.
    pub fn app(self) -> App {
        App {
            id: self.client,
            name: "Bench",
            callback: "https://app.example.com/callback",
            proof: Proof::None,
        }
    }
}

/// A tenant file and its scripts.
pub struct Tenant {
    pub file: String,
    pub scripts: Vec<(String, String)>,
}

/// A tenant without scripts.
pub fn plain() -> Tenant {
    Tenant {
        file: file(),
        scripts: Vec::new(),
    }
}

/// The Rules of a tenant.
#[derive(Clone, Copy)]
pub struct Rules {
    pub name: &'static str,
    count: usize,
    /// True if they use the library.
    with_library: bool,
}

/// The tenants that are compared; the first has none.
pub const RULES: [Rules; 4] = [
    Rules {
        name: "no rule",
        count: 0,
        with_library: false,
    },
    Rules {
        name: "one rule",
        count: 1,
        with_library: false,
    },
    Rules {
        name: "five rules",
        count: 5,
        with_library: false,
    },
    Rules {
        name: "one with lodash",
        count: 1,
        with_library: true,
    },
];

/// A tenant with Rules.
pub fn with_rules(rules: Rules) -> Tenant {
    let mut tenant = plain();
    for order in 1..=rules.count {
        if order == 1 {
            tenant.file.push_str("rules:\n");
        }
        let entry = format!(
            "  - {{name: Rule {order}, script: ./rule-{order}.js, order: {order}, enabled: true}}\n"
        );
        tenant.file.push_str(&entry);
        tenant
            .scripts
            .push((format!("rule-{order}.js"), rule(order, rules.with_library)));
    }
    tenant
}

/// A typical Rule: reads the user and the context, and adds claims.
fn rule(order: usize, with_library: bool) -> String {
    let plan = if with_library {
        r#"_.get(user, "app_metadata.plan", "free")"#
    } else {
        r#"user.app_metadata.plan || "free""#
    };
    format!(
        r#"function addClaims(user, context, callback) {{
  const namespace = "https://example.com/{order}/";
  user.app_metadata = user.app_metadata || {{}};
  const roles = (context.authorization || {{}}).roles || [];
  const domain = (user.email || "").split("@")[1];
  context.idToken[namespace + "roles"] = roles;
  context.idToken[namespace + "domain"] = domain;
  context.accessToken[namespace + "roles"] = roles.map((role) => role.toLowerCase());
  context.accessToken[namespace + "plan"] = {plan};
  if (context.protocol !== "oauth2-refresh-token") {{
    console.log("a login of", user.user_id);
  }}
  return callback(null, user, context);
}}
"#
    )
}

fn file() -> String {
    let clients = ALGORITHMS.map(|Algorithm { name, client, .. }| {
        format!(
            r#"
  - name: Bench {name}
    client_id: {client}
    app_type: spa
    oidc_conformant: true
    token_endpoint_auth_method: none
    grant_types: [authorization_code, refresh_token]
    callbacks: ["https://app.example.com/callback"]
    jwt_configuration: {{ alg: {name} }}
    refresh_token: {{ rotation_type: rotating, expiration_type: expiring, leeway: 10 }}"#
        )
    });
    let apis = ALGORITHMS.map(|Algorithm { name, audience, .. }| {
        format!(
            r"
  - name: Bench {name}
    identifier: {audience}
    signing_alg: {name}
    allow_offline_access: true
    skip_consent_for_verifiable_first_party_clients: true"
        )
    });
    let user = User::ada();
    // The same token is exchanged over and over, more often than a server should allow any client.
    format!(
        "tenant:\n  refresh_token_rate_limit: {{burst: 1000000, per_second: 1000}}\nclients:{}\nresourceServers:{}\nusers:\n  - email: {}\n    email_verified: true\n    \
         name: Ada Lovelace\n    password: {}\n",
        clients.concat(),
        apis.concat(),
        user.email,
        user.password
    )
}
