using System;
using System.Security.Cryptography.X509Certificates;

using ExchangeOnlineManagement.Native;

namespace ExchangeOnlineManagement.Commands;

/// <summary>The certificates of the user, and of the machine where it has a store.</summary>
internal static class CertificateStore
{
    /// <summary>The certificate with that thumbprint and its key.</summary>
    /// <exception cref="ExoException">There is none.</exception>
    internal static X509Certificate2 Find(string thumbprint)
    {
        string wanted = thumbprint.Replace(" ", string.Empty, StringComparison.Ordinal);
        foreach (StoreLocation location in new[] { StoreLocation.CurrentUser, StoreLocation.LocalMachine })
        {
            try
            {
                using var store = new X509Store(StoreName.My, location);
                store.Open(OpenFlags.ReadOnly | OpenFlags.OpenExistingOnly);
                foreach (X509Certificate2 certificate in store.Certificates.Find(X509FindType.FindByThumbprint, wanted, validOnly: false))
                {
                    if (certificate.HasPrivateKey)
                    {
                        return certificate;
                    }
                }
            }
            catch (System.Security.Cryptography.CryptographicException)
            {
                // There is no such store here.
            }
        }
        throw new ExoException(
            ExoStatus.BadOption,
            $"The certificate with the thumbprint '{thumbprint}' is not in the store of this user, or is there without its key; "
            + "give its file with CertificateFilePath instead.",
            "ObjectNotFound", "CertificateNotFound");
    }
}
