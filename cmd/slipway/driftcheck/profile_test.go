package driftcheck

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
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
	err = (&Command{}).run(t.Context(), environment, time.Now(), io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "nothing answers at AWS_ENDPOINT_URL=http://127.0.0.1:1: start the local AWS") {
		t.Errorf("nobody listens there: %v", err)
	}
}

func TestWithoutCredentials(t *testing.T) {
	alone(t, "[default]\nregion = eu-north-1\n")
	if _, err := signedIn(t.Context(), os.LookupEnv); err == nil || !strings.Contains(err.Error(), "set AWS_PROFILE") {
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
