#!/bin/sh
# Makes the certificates and keys that the tests of TLS use: `sh certificates.sh` in this folder. They protect nothing.
set -e
days=36500

certify() { # name, subject, extensions: signed by the authority
  openssl req -new -key "$1.key" -subj "/CN=$2" -addext "$3" -out "$1.csr"
  openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -days $days -copy_extensions copy -out "$1.leaf"
  cat "$1.leaf" ca.pem > "$1.pem"
  rm "$1.csr" "$1.leaf"
}

self_sign() { # name, subject, key type and its options
  openssl req -x509 -newkey "$3" ${4:+-pkeyopt "$4"} -nodes -keyout "$1.key" -subj "/CN=$2" -days $days \
    -addext "subjectAltName=DNS:localhost" -out "$1.pem"
}

self_sign ca "Weft test authority" ec ec_paramgen_curve:P-256
self_sign stranger "localhost" ec ec_paramgen_curve:P-256
self_sign rsa "localhost" rsa rsa_keygen_bits:2048
self_sign ed25519 "localhost" ed25519

openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out server.key
certify server "weft.test" "subjectAltName=DNS:localhost,DNS:weft.test,IP:127.0.0.1,IP:::1"
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out client.key
certify client "client" "extendedKeyUsage=clientAuth"

# The same keys in other forms.
openssl rsa -traditional -in rsa.key -out rsa-pkcs1.key
{ openssl ecparam -name prime256v1; openssl ec -in server.key; } > server-sec1.key
openssl pkcs8 -topk8 -in server.key -passout pass:secret -out server-encrypted.key
openssl rsa -traditional -aes128 -in rsa.key -passout pass:secret -out rsa-pkcs1-encrypted.key
rm -f ca.key ca.srl
