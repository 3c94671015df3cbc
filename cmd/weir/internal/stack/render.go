package stack

import (
	"fmt"

	"golang.org/x/crypto/bcrypt"
)

// hashed gives bcrypt's hash, which both products take ($2a$).
func hashed(password string) (string, error) {
	text, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.DefaultCost)
	return string(text), err
}

// secretsOf gives the passwords of several names, and their hashes.
func (m maker) secretsOf(names ...string) (passwords, hashes map[string]string, err error) {
	passwords, hashes = map[string]string{}, map[string]string{}
	for _, name := range names {
		if passwords[name], err = m.password(name); err != nil {
			return nil, nil, err
		}
		if hashes[name], err = hashed(passwords[name]); err != nil {
			return nil, nil, err
		}
	}
	return passwords, hashes, nil
}

// curl is a configuration of curl for a health check, so that no password is in
// a list of processes.
func curl(user, password string) string { return fmt.Sprintf("user = \"%s:%s\"\n", user, password) }

// elasticsearch makes users of the file realm, which needs no request to a
// running server: Kibana's with the role that Elasticsearch has for it, and Weir's
// with a role of roles.yml. elastic, for people, gets its password by the image's
// own variable ELASTIC_PASSWORD_FILE.
func (m maker) elasticsearch() error {
	passwords, hashes, err := m.secretsOf("elastic", "kibana", "weir")
	if err != nil {
		return err
	}
	key, err := m.password("kibana-encryption-key") // 26 characters, Kibana wants 32
	if err != nil {
		return err
	}
	key += key
	return m.all(
		file{"elasticsearch", "elastic", vendor, passwords["elastic"]},
		file{"elasticsearch", "curlrc", vendor, curl("elastic", passwords["elastic"])},
		file{"elasticsearch", "users", vendor, fmt.Sprintf("weir_kibana:%s\nweir:%s\n", hashes["kibana"], hashes["weir"])},
		file{"elasticsearch", "users_roles", vendor, "kibana_system:weir_kibana\nweir:weir\nkibana_admin:weir\n"},
		file{"kibana", "kibana.yml", vendor, fmt.Sprintf(`server.host: 0.0.0.0
elasticsearch.hosts: ["http://elasticsearch:9200"]
elasticsearch.username: weir_kibana
elasticsearch.password: %s
xpack.security.encryptionKey: %s
xpack.encryptedSavedObjects.encryptionKey: %s
xpack.reporting.encryptionKey: %s
status.allowAnonymous: true
telemetry.optIn: false
`, passwords["kibana"], key, key, key)},
		file{"weir", "password", weir, passwords["weir"]},
	)
}

// opensearch makes the security plugin's list of users, which it reads when it
// starts for the first time, and a certificate for the transport port, without
// which it does not start. kibanaserver is the name that the plugin gives the
// rights of Dashboards to.
func (m maker) opensearch() error {
	passwords, hashes, err := m.secretsOf("admin", "kibanaserver", "weir")
	if err != nil {
		return err
	}
	cookie, err := m.password("dashboards-cookie-key")
	if err != nil {
		return err
	}
	if err := m.certificates("opensearch", vendor); err != nil {
		return err
	}
	return m.all(
		file{"opensearch", "internal_users.yml", vendor, fmt.Sprintf(`_meta:
  type: internalusers
  config_version: 2
admin:
  hash: %q
  reserved: false
  backend_roles: [admin]
  description: For people; may do everything.
kibanaserver:
  hash: %q
  reserved: true
  description: OpenSearch Dashboards itself.
weir:
  hash: %q
  reserved: false
  backend_roles: [kibanauser]
  description: Weir; roles.yml has its role.
`, hashes["admin"], hashes["kibanaserver"], hashes["weir"])},
		file{"opensearch", "curlrc", vendor, curl("admin", passwords["admin"])},
		file{"dashboards", "opensearch_dashboards.yml", vendor, fmt.Sprintf(`server.host: 0.0.0.0
opensearch.hosts: ["http://opensearch:9200"]
opensearch.username: kibanaserver
opensearch.password: %s
opensearch.requestHeadersAllowlist: [authorization, securitytenant]
opensearch_security.multitenancy.enabled: false
opensearch_security.cookie.secure: false
opensearch_security.cookie.password: %s
`, passwords["kibanaserver"], cookie+cookie)},
		file{"weir", "password", weir, passwords["weir"]},
	)
}
