using System;
using System.Buffers;
using System.Buffers.Text;
using System.Collections.Generic;
using System.Management.Automation;
using System.Runtime.InteropServices;
using System.Security;
using System.Text;

namespace ExchangeOnlineManagement.Proxy;

/// <summary>
/// The secrets of one call. While the document is text, a word that nobody can guess stands for each; they come in when
/// it is bytes that can be cleared.
/// </summary>
internal sealed class SecretParts
{
    /// <summary>The word that stands for a secure string.</summary>
    internal string Keep(SecureString secret) => Keep(userName: null, secret);

    /// <summary>The word that stands for a user and a password.</summary>
    internal string Keep(PSCredential credential) => Keep(credential.UserName, credential.Password);

    /// <summary>The document in UTF-8 with the secrets in their places, in memory that the collector does not copy.</summary>
    internal byte[] PutInto(string document)
    {
        if (_parts.Count == 0)
        {
            return Strict.GetBytes(document);
        }
        var pieces = new List<(string Text, SecureString? Secret)>();
        string rest = document;
        // In the order of the text, which is the order they were kept in, except for arguments without a name.
        _parts.Sort((one, other) => document.IndexOf(one.Word, StringComparison.Ordinal)
            .CompareTo(document.IndexOf(other.Word, StringComparison.Ordinal)));
        for (int index = 0; index < _parts.Count; index++)
        {
            (string word, string? userName, SecureString secret) = _parts[index];
            // The word is all that its element <S> has.
            int at = rest.IndexOf(word, StringComparison.Ordinal);
            int begin = rest.LastIndexOf("<S", at, StringComparison.Ordinal);
            string name = rest[(begin + 2)..(at - 1)];
            string before = rest[..begin];
            rest = rest[(at + word.Length + "</S>".Length)..];
            if (userName is null)
            {
                pieces.Add((before + $"<SS{name}>", secret));
                rest = "</SS>" + rest;
            }
            else
            {
                // CLIXML has no form for an empty secure string.
                string element = secret.Length == 0 ? "S" : "SS";
                pieces.Add((before + Credential(name, FirstReference + index, userName) + $"<{element} N=\"Password\">", secret));
                rest = $"</{element}></Props></Obj>" + rest;
            }
        }
        return Join(pieces, rest);
    }

    private string Keep(string? userName, SecureString secret)
    {
        string word = Guid.NewGuid().ToString("N");
        _parts.Add((word, userName, secret));
        return word;
    }

    /// <summary>A credential up to its password.</summary>
    private static string Credential(string name, int reference, string userName)
    {
        string user = PSSerializer.Serialize(userName);
        int begin = user.IndexOf("<S>", StringComparison.Ordinal) + "<S>".Length;
        user = user[begin..user.LastIndexOf("</S>", StringComparison.Ordinal)];
        return $"<Obj{name} RefId=\"{reference}\"><TN RefId=\"{reference}\"><T>System.Management.Automation.PSCredential</T>"
            + "<T>System.Object</T></TN><ToString>System.Management.Automation.PSCredential</ToString><Props>"
            + $"<S N=\"UserName\">{user}</S>";
    }

    private static byte[] Join(List<(string Text, SecureString? Secret)> pieces, string rest)
    {
        int length = Strict.GetByteCount(rest);
        foreach ((string text, SecureString? secret) in pieces)
        {
            length += Strict.GetByteCount(text) + Base64.GetMaxEncodedToUtf8Length(secret!.Length * sizeof(char));
        }
        byte[] document = GC.AllocateArray<byte>(length, pinned: true);
        int filled = 0;
        foreach ((string text, SecureString? secret) in pieces)
        {
            filled += Strict.GetBytes(text, document.AsSpan(filled));
            filled += Write(secret!, document.AsSpan(filled));
        }
        Strict.GetBytes(rest, document.AsSpan(filled));
        return document;
    }

    /// <summary>The base64 text of the secret's characters in UTF-16LE.</summary>
    private static unsafe int Write(SecureString secret, Span<byte> place)
    {
        IntPtr units = Marshal.SecureStringToGlobalAllocUnicode(secret);
        try
        {
            var plain = new ReadOnlySpan<byte>((void*)units, secret.Length * sizeof(char));
            OperationStatus status = Base64.EncodeToUtf8(plain, place, out _, out int written);
            return status == OperationStatus.Done ? written : throw new InvalidOperationException("A secret does not fit.");
        }
        finally
        {
            Marshal.ZeroFreeGlobalAllocUnicode(units);
        }
    }

    /// <summary>Above all that PowerShell counts to.</summary>
    private const int FirstReference = 1_000_000;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly List<(string Word, string? UserName, SecureString Secret)> _parts = new();
}
