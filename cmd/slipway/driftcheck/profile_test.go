package driftcheck

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// alone is an environment without any setting of AWS, with a configuration file of the aws CLI.
func alone(t *testing.T, file string) {
	t.Helper()
	for _, setting := range os.Environ() {
		if name, _, _ := strings.Cut(setting, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
			os.Unsetenv(name)
		}
	}
	path := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_CONFIG_FILE", path)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}

// standardError is what is written there meanwhile.
func standardError(t *testing.T, do func()) string {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	before := os.Stderr
	os.Stderr = file
	do()
	os.Stderr = before
	text, err := os.ReadFile(file.Name())
	if err = errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A machine's own credentials are looked for where machines have them, quietly.
func TestAMachineWithoutCredentialsIsNoNews(t *testing.T) {
	alone(t, "[default]\nregion = eu-north-1\n")
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "false")
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.URL)
	said := standardError(t, func() {
		if _, err := signedIn(t.Context(), os.LookupEnv); err == nil || strings.Contains(err.Error(), "IMDS") {
			t.Errorf("error %v", err)
		}
	})
	if said != "" {
		t.Errorf("something other than the error was said: %s", said)
	}
}

func TestAProfileSignsIn(t *testing.T) {
	alone(t, "[profile shop]\nregion = eu-north-1\naws_access_key_id = AKIA1\naws_secret_access_key = s\naws_session_token = t\n")
	t.Setenv("AWS_PROFILE", "shop")
	environment, err := signedIn(t.Context(), os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	settings, err := configuration(environment)
	if err != nil || settings.AWS.Region != "eu-north-1" || settings.AWS.BaseEndpoint != nil || settings.Table != "slipway" {
		t.Fatalf("got %+v, error %v", settings, err)
	}
	keys, err := settings.AWS.Credentials.Retrieve(t.Context())
	if err != nil || keys.AccessKeyID != "AKIA1" || keys.SecretAccessKey != "s" || keys.SessionToken != "t" {
		t.Errorf("got %+v, error %v", keys, err)
	}
}

// What is in the environment needs no profile and comes first.
func TestTheEnvironmentComesFirst(t *testing.T) {
	alone(t, "no configuration file")
	t.Setenv("AWS_PROFILE", "shop")
	environment, err := signedIn(t.Context(), environment("http://127.0.0.1:1"))
	if err != nil {
		t.Fatal(err)
	}
	err = (&Command{}).run(t.Context(), environment, io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "nothing answers at AWS_ENDPOINT_URL=http://127.0.0.1:1: start the local AWS") {
		t.Errorf("nobody listens there: %v", err)
	}
}

func TestWithoutCredentials(t *testing.T) {
	alone(t, "[default]\nregion = eu-north-1\n")
	if _, err := signedIn(t.Context(), os.LookupEnv); err == nil || !strings.Contains(err.Error(), "set AWS_PROFILE") || !strings.Contains(err.Error(), "AWS_ACCESS_KEY_ID") {
		t.Errorf("without credentials: %v", err)
	}
	alone(t, "[default]\naws_access_key_id = AKIA1\naws_secret_access_key = s\n")
	environment, err := signedIn(t.Context(), os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := configuration(environment); err == nil || !strings.Contains(err.Error(), "AWS_REGION") {
		t.Errorf("without a region: %v", err)
	}
}
