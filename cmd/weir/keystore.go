package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/weirflow/weir/cmd/weir/internal/config"
	"github.com/weirflow/weir/cmd/weir/internal/keystore"
)

// secrets are the flags of weir keystore.
type secrets struct {
	config, dataDir, path string
	force, stdin          bool
}

func newKeystore() *cobra.Command {
	o := &secrets{}
	c := &cobra.Command{Use: "keystore", Short: "Keep secrets that the configuration refers to", Args: cobra.NoArgs,
		Long: "Keeps secrets in an encrypted file that only its owner may read. ${NAME} in a value of the configuration stands for the\n" +
			"secret NAME. The file is weir.keystore in data_dir, or what the key keystore names.\n\n" +
			"The password of the encryption is that of WEIR_KEYSTORE_PASSWORD, or in the file of WEIR_KEYSTORE_PASSWORD_FILE. Without\n" +
			"one it is empty, and nothing but the file's mode protects the secrets.",
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	c.PersistentFlags().StringVar(&o.config, "config", "", "configuration file (default: ./weir.yml, then /etc/weir/weir.yml)")
	c.PersistentFlags().StringVar(&o.dataDir, "data-dir", "", "folder for what the collector keeps")
	c.PersistentFlags().StringVar(&o.path, "keystore", "", "the keystore's file, instead of the configured one")
	create := &cobra.Command{Use: "create", Short: "Make an empty keystore", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error { return o.create(c) }}
	create.Flags().BoolVar(&o.force, "force", false, "replace one that is there")
	add := &cobra.Command{Use: "add NAME", Short: "Add a secret; its value is asked for, or read from standard input", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, arguments []string) error { return o.add(c, arguments[0]) }}
	add.Flags().BoolVar(&o.force, "force", false, "replace one that is there")
	add.Flags().BoolVar(&o.stdin, "stdin", false, "read the value from standard input even if that is a terminal")
	list := &cobra.Command{Use: "list", Short: "List the names of the secrets", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error { return o.list(c) }}
	remove := &cobra.Command{Use: "remove NAME...", Short: "Remove secrets", Args: cobra.MinimumNArgs(1), RunE: func(c *cobra.Command, names []string) error { return o.remove(c, names) }}
	c.AddCommand(create, add, list, remove)
	return c
}

// find tells where the keystore is, and its password.
func (o *secrets) find() (path, password string, err error) {
	if password, err = config.KeystorePassword(os.Environ()); err != nil {
		return "", "", err
	}
	if o.path != "" {
		return o.path, password, nil
	}
	environ := os.Environ()
	if o.dataDir != "" {
		environ = append(environ, "WEIR_DATA_DIR="+o.dataDir)
	}
	path, err = config.KeystorePath(config.Options{File: cmp.Or(o.config, os.Getenv("WEIR_CONFIG")), Search: configFolders, Environ: environ})
	return path, password, err
}

// open opens the keystore; make says that a missing one is made.
func (o *secrets) open(make bool) (*keystore.Store, error) {
	path, password, err := o.find()
	if err != nil {
		return nil, err
	}
	s, err := keystore.Open(path, password)
	if errors.Is(err, fs.ErrNotExist) {
		if make {
			return keystore.New(path, password), nil
		}
		return nil, fmt.Errorf("there is no keystore %s; weir keystore create makes it", path)
	}
	return s, err
}

func (o *secrets) create(c *cobra.Command) error {
	path, password, err := o.find()
	if err != nil {
		return err
	}
	if _, err := os.Lstat(path); err == nil && !o.force {
		return fmt.Errorf("%s is there already; --force replaces it and what is in it", path)
	}
	if err := keystore.New(path, password).Save(); err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.OutOrStdout(), "made", path)
	return err
}

func (o *secrets) add(c *cobra.Command, name string) error {
	if err := keystore.CheckName(name); err != nil {
		return err
	}
	s, err := o.open(true)
	if err != nil {
		return err
	}
	if _, ok := s.Get(name); ok && !o.force {
		return fmt.Errorf("%s is in %s already; --force replaces its value", name, s.Path())
	}
	value, err := o.ask(c, name)
	if err != nil {
		return err
	}
	if err := s.Set(name, value); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return s.Save()
}

// ask gives a secret from standard input: a terminal is asked without echo.
func (o *secrets) ask(c *cobra.Command, name string) (string, error) {
	in := c.InOrStdin()
	if f, ok := in.(*os.File); ok && !o.stdin && term.IsTerminal(int(f.Fd())) {
		if _, err := fmt.Fprintf(c.ErrOrStderr(), "Value of %s: ", name); err != nil {
			return "", err
		}
		value, err := term.ReadPassword(int(f.Fd()))
		if _, err := fmt.Fprintln(c.ErrOrStderr()); err != nil {
			return "", err
		}
		return string(value), err
	}
	const most = 1 << 20
	text, err := io.ReadAll(io.LimitReader(bufio.NewReader(in), most))
	if err != nil {
		return "", err
	}
	value := strings.TrimSuffix(string(text), "\n")
	return strings.TrimSuffix(value, "\r"), nil
}

func (o *secrets) list(c *cobra.Command) error {
	s, err := o.open(false)
	if err != nil {
		return err
	}
	for _, name := range s.Names() {
		if _, err := fmt.Fprintln(c.OutOrStdout(), name); err != nil {
			return err
		}
	}
	return nil
}

func (o *secrets) remove(c *cobra.Command, names []string) error {
	s, err := o.open(false)
	if err != nil {
		return err
	}
	for _, name := range names {
		if !s.Remove(name) {
			return fmt.Errorf("%s is not in %s; weir keystore list names what is", name, s.Path())
		}
	}
	return s.Save()
}
